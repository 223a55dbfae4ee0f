import { setTimeout as sleep } from 'node:timers/promises';
import { isGrpcServiceError } from '@temporalio/client';
import { limits } from './limits';

const lookEveryMs = 200;

/**
 * Looks until the server knows of a change: its parts hear of it one after the other, within ten seconds, and refuse
 * what needs it until then. Throws the last refusal when it takes too long.
 */
export async function untilKnown(isKnown: () => Promise<boolean>): Promise<void> {
  const deadlineAt = Date.now() + limits.knownSeconds * 1_000;
  for (;;) {
    const isLate = Date.now() >= deadlineAt;
    try {
      if ((await isKnown()) || isLate) return;
    } catch (error) {
      if (!isGrpcServiceError(error) || isLate) throw error;
    }
    await sleep(lookEveryMs);
  }
}
