import { raiseFence } from '../aws/checkpoint-fence';
import { findNewestCheckpoint } from '../aws/checkpoint-store';
import type { Checkpoint } from '../domain/checkpoint';
import type { AttemptRef } from './contract';
import type { ActivityDependencies } from './dependencies';

/** @see ControlActivities.pickResumePoint */
export async function pickResumePoint(
  { cloud }: ActivityDependencies,
  { runId, attemptNumber }: AttemptRef,
): Promise<Checkpoint | null> {
  // First the fence: what an older attempt publishes after this is not the newest any more.
  await raiseFence(cloud, runId, attemptNumber);
  return findNewestCheckpoint(cloud, runId);
}
