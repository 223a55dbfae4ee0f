import type { LatestPointer } from '../domain/checkpoint';
import { Failure } from '../domain/failure';
import { objectKeys } from '../domain/ids';
import { readLatest } from './checkpoint-documents';
import type { Cloud } from './connect-cloud';
import { storeLimits } from './limits';
import { getText, putIfAbsent, putIfUnchanged } from './object-store';

/**
 * Raises the fence of a run to this attempt by compare-and-swap, so that no older attempt moves the pointer any more.
 * Idempotent.
 *
 * @returns The pointer as it is now.
 * @throws run-id-taken  A newer attempt has begun: this one is a leftover, or the name was used before.
 */
export async function raiseFence(
  cloud: Cloud,
  runId: string,
  attemptNumber: number,
): Promise<LatestPointer> {
  const { clients, settings } = cloud;
  const key = objectKeys.latest(runId);
  for (let race = 0; race < storeLimits.maxFenceTries; race += 1) {
    const stored = await getText(clients, settings.bucket, key);
    const pointer = stored === null ? null : readLatest(stored.text);
    if (pointer !== null && pointer.fence > attemptNumber) throw isBehind(runId, pointer.fence);
    if (pointer?.fence === attemptNumber) return pointer;
    const raised: LatestPointer = {
      version: 1,
      runId,
      fence: attemptNumber,
      checkpoint: pointer?.checkpoint ?? null,
    };
    const text = JSON.stringify(raised);
    const isWritten =
      stored === null
        ? await putIfAbsent(clients, settings.bucket, key, text)
        : await putIfUnchanged(clients, settings.bucket, key, text, stored.etag);
    // A write that was refused may be our own, repeated by the SDK: the next look tells.
    if (isWritten) return raised;
  }
  throw new Failure('aws-unavailable', `The pointer ${key} never stood still.`);
}

const isBehind = (runId: string, fence: number): Failure =>
  new Failure('run-id-taken', `Attempt ${fence} of the run ${runId} has begun already.`, {
    why: 'The bucket holds the checkpoints of an earlier run of that name, which this one may not overwrite.',
    next: 'Choose another name for the run.',
  });
