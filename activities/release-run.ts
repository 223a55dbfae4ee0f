import { Context } from '@temporalio/activity';
import { pruneCheckpoints } from '../aws/checkpoint-prune';
import { findNewestCheckpoint } from '../aws/checkpoint-store';
import { findByRun } from '../aws/find-instances';
import { terminateInstances } from '../aws/terminate';
import { Failure } from '../domain/failure';
import { cleanUpTraining } from './clean-up-training';
import type { ControlActivities, ReleaseRunReply } from './contract';
import type { ActivityDependencies } from './dependencies';
import { billAll } from './released-instance';

type ReleaseRunInput = Parameters<ControlActivities['releaseRun']>[0];

/** @see ControlActivities.releaseRun */
export async function releaseRun(
  { cloud }: ActivityDependencies,
  input: ReleaseRunInput,
): Promise<ReleaseRunReply> {
  const { cancellationSignal } = Context.current();
  const found = await findByRun(cloud.clients, input.runId);
  const ended = await terminateInstances(cloud, found, cancellationSignal);
  if (input.existingInstanceId !== null) {
    await cleanUpExisting({ cloud }, input, input.existingInstanceId);
  }
  await pruneCheckpoints(cloud, input.runId, input.keepLastCheckpoints);
  return {
    instances: await billAll(cloud, ended, null),
    checkpoint: await findNewestCheckpoint(cloud, input.runId),
  };
}

/** Whichever attempt of the run was last on the user's instance; another run's training is left alone. */
async function cleanUpExisting(
  dependencies: Pick<ActivityDependencies, 'cloud'>,
  { runId, claim, wasCutOff }: ReleaseRunInput,
  instanceId: string,
): Promise<void> {
  const view = await dependencies.cloud.instances.read(instanceId);
  if (view?.state !== 'running') return;
  const status = await dependencies.cloud.statuses.read(instanceId);
  if (status.kind === 'silent' && wasCutOff) throw notSeen(instanceId, status.message);
  if (status.kind === 'report' && status.report.runId === runId) {
    const { attemptNumber } = status.report;
    await cleanUpTraining(dependencies, { runId, attemptNumber, claim, instanceId });
  }
}

const notSeen = (instanceId: string, why: string): Failure =>
  new Failure('instance-not-ready', `SSM does not reach ${instanceId}, so its training goes on.`, {
    why: `It is asked again and again, since nobody else ends it: ${why}.`,
  });
