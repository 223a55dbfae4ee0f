import type { Client } from '@temporalio/client';
import type { InstanceView } from '../../aws/instance-view';
import type { StatusReply } from '../../aws/status-reader';
import { Failure } from '../../domain/failure';
import { runWorkflowId, tagKeys } from '../../domain/ids';
import type { Instant } from '../../domain/instant';
import { pickRun } from '../../domain/run-on-instance';
import { unlessMissing } from '../runs/queries';
import { findRunsOn } from './runs-on-instance';

/** Who has an instance. */
export type Occupation =
  /** A run of this Temporal server and namespace. */
  | { readonly kind: 'run'; readonly runId: string }
  /** A training that was started through another one. */
  | { readonly kind: 'foreign'; readonly training: ForeignTraining }
  /** SSM does not reach the instance, so nobody can tell. */
  | { readonly kind: 'unseen'; readonly lastRunId: string | null; readonly why: string }
  | { readonly kind: 'free'; readonly lastRunId: string | null };

export interface ForeignTraining {
  readonly runId: string;
  readonly attemptNumber: number;
  readonly pid: number;
  readonly since: Instant;
}

/** What looking at an instance needs of the cloud. */
export interface InstanceSight {
  /** Null when EC2 does not know the id. */
  readInstance(instanceId: string): Promise<InstanceView | null>;
  readTraining(instanceId: string): Promise<StatusReply>;
}

/**
 * Finds out who has an instance. An open run that names it counts first; else the instance itself is asked, since a
 * training may have been started by whom this Temporal server has never heard of.
 *
 * @throws instance-not-found  Neither EC2 nor Temporal knows the instance.
 */
export async function findOccupation(
  temporal: Client,
  cloud: InstanceSight,
  instanceId: string,
): Promise<Occupation> {
  const known = pickRun(await findRunsOn(temporal, instanceId));
  if (known?.isOpen === true) return { kind: 'run', runId: known.runId };
  const lastRunId = known?.runId ?? null;
  try {
    return await askInstance(temporal, cloud, instanceId, lastRunId);
  } catch (error) {
    // Without a way to the cloud the last run is still known.
    if (lastRunId === null || !(error instanceof Failure)) throw error;
    return { kind: 'unseen', lastRunId, why: error.message };
  }
}

async function askInstance(
  temporal: Client,
  cloud: InstanceSight,
  instanceId: string,
  knownRunId: string | null,
): Promise<Occupation> {
  const view = await cloud.readInstance(instanceId);
  if (view === null && knownRunId === null) throw instanceNotFound(instanceId);
  const lastRunId = knownRunId ?? view?.tags[tagKeys.runId] ?? null;
  if (view?.state !== 'running') return { kind: 'free', lastRunId };
  const status = await cloud.readTraining(instanceId);
  switch (status.kind) {
    case 'silent':
      return { kind: 'unseen', lastRunId, why: status.message };
    case 'nothing-started':
      return { kind: 'free', lastRunId };
    case 'report': {
      const { runId, attemptNumber, state, trainer, supervisor, startedAt } = status.report;
      if (state === 'ended' || state === 'gone') return { kind: 'free', lastRunId };
      if (await isOpenRun(temporal, runId)) return { kind: 'run', runId };
      const { pid } = trainer ?? supervisor;
      return {
        kind: 'foreign',
        training: { runId, attemptNumber, pid, since: startedAt ?? 'unknown' },
      };
    }
  }
}

export const instanceNotFound = (instanceId: string): Failure =>
  new Failure('instance-not-found', `EC2 knows no instance ${instanceId}.`);

async function isOpenRun(temporal: Client, runId: string): Promise<boolean> {
  const handle = temporal.workflow.getHandle(runWorkflowId(runId));
  const description = await unlessMissing(handle.describe());
  return description?.status.name === 'RUNNING';
}
