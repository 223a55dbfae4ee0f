import { setTimeout as sleep } from 'node:timers/promises';

/** Waits, and throws `AbortError` as soon as the signal says so. */
export async function wait(durationMs: number, signal?: AbortSignal): Promise<void> {
  await sleep(durationMs, undefined, signal === undefined ? {} : { signal });
}
