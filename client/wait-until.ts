import { setTimeout as sleep } from 'node:timers/promises';

/** Looks until the condition holds or the time is over; says which. A condition that throws ends the wait with it. */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  options: { readonly timeoutSeconds: number; readonly intervalMs: number },
): Promise<boolean> {
  const deadlineAt = Date.now() + options.timeoutSeconds * 1_000;
  for (;;) {
    if (await condition()) return true;
    if (Date.now() >= deadlineAt) return false;
    await sleep(options.intervalMs);
  }
}
