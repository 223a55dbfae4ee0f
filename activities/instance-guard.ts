import type { Cloud } from '../aws/connect-cloud';
import { readerLimits } from '../aws/limits';
import type { LiveInstances } from '../aws/live-reader';
import { tooManyInstances } from '../domain/alerts';
import { attemptNumberOf, runOf } from '../domain/orphans';
import type { AttemptRef, LaunchReply } from './contract';

/**
 * Keeps the number of instances below the worker's limit. Counts what runctl runs in the account and region, and the
 * launches of this worker that do not show yet; of several workers each may launch one too many in the same second.
 */
export interface InstanceGuard {
  /**
   * Calls `launch` with the number of the other instances, unless it would be one instance too many. A run that begins
   * is refused then; one that has lost its instance waits for a place as it does for capacity.
   *
   * @throws too-many-instances
   */
  admit(
    cloud: Cloud,
    attempt: AttemptRef,
    launch: (otherCount: number) => Promise<LaunchReply>,
  ): Promise<LaunchReply>;
}

/** Makes the guard of one worker; null is no limit. */
export function createInstanceGuard(maxInstances: number | null): InstanceGuard {
  /** Launches let through, and when they were answered: null while they are under way. */
  const admitted = new Map<string, number | null>();
  // Not asynchronous: nothing may happen between a count and the admission that it decides.
  const countOthers = ({ readAtMs, instances }: LiveInstances, own: string): number => {
    for (const [name, answeredAtMs] of admitted) {
      // What was answered before EC2 was asked is in its answer, or gone.
      if (answeredAtMs !== null && answeredAtMs < readAtMs) admitted.delete(name);
    }
    const live = instances.map((one) => {
      const runId = runOf(one);
      return runId === null ? one.instanceId : nameOf(runId, attemptNumberOf(one));
    });
    return new Set([...live, ...admitted.keys()].filter((name) => name !== own)).size;
  };
  return {
    admit: async (cloud, attempt, launch) => {
      const own = nameOf(attempt.runId, attempt.attemptNumber);
      const isFull = (count: number): boolean => maxInstances !== null && count >= maxInstances;
      let others = countOthers(await cloud.live.read(readerLimits.cacheMs), own);
      // Somebody is refused only by what EC2 says now.
      if (isFull(others)) others = countOthers(await cloud.live.read(0), own);
      if (maxInstances !== null && isFull(others)) return refuse(attempt, others, maxInstances);
      admitted.set(own, null);
      try {
        return await launch(others);
      } finally {
        admitted.set(own, Date.now());
      }
    },
  };
}

const nameOf = (runId: string, attemptNumber: number): string => `${runId} ${attemptNumber}`;

function refuse({ attemptNumber }: AttemptRef, count: number, limit: number): LaunchReply {
  const failure = tooManyInstances(count, limit);
  if (attemptNumber === 1) throw failure;
  const { message } = failure;
  return { kind: 'capacity-shortage', isQuota: true, isOwnLimit: true, pools: [], message };
}
