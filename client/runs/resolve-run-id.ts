import type { Client } from '@temporalio/client';
import { Failure } from '../../domain/failure';
import { findOccupation, type InstanceSight, type Occupation } from '../instances/occupation';
import { isInstanceId, runIdOf } from './run-id';

/**
 * Makes a run id of what a person pasted: a run id, a workflow id (`run/…`), or the id of an instance. An instance
 * stands for the run that is on it, also where it is the user's own; if none is, for the newest that was.
 *
 * @throws run-not-found       No run of ours was ever on the instance, or one of another Temporal server is.
 * @throws instance-not-found  There is no such instance.
 */
export async function resolveRunId(
  client: Client,
  id: string,
  cloud: InstanceSight,
): Promise<string> {
  if (!isInstanceId(id)) return runIdOf(id);
  return runOn(id, await findOccupation(client, cloud, id));
}

/** The run that an instance's id stands for. */
export function runOn(instanceId: string, occupation: Occupation): string {
  if (occupation.kind === 'run') return occupation.runId;
  if (occupation.kind === 'foreign') {
    const { runId, pid } = occupation.training;
    throw new Failure('run-not-found', `this Temporal server has no run on ${instanceId}.`, {
      why: `Run ${runId} trains there (PID ${pid}); it was started through another Temporal server or namespace.`,
      next: `Repeat the command with that TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE. \`runctl aws stop ${instanceId}\` ends the training from here too.`,
    });
  }
  if (occupation.lastRunId !== null) return occupation.lastRunId;
  throw new Failure('run-not-found', `no run is or was on instance ${instanceId}.`, {
    why:
      occupation.kind === 'unseen'
        ? `Temporal knows none, and the instance does not answer (${occupation.why}).`
        : 'Temporal knows none, and nothing of ours trains there.',
    next: `Start one: runctl aws train ${instanceId} SCRIPT. \`runctl aws list\` shows the runs.`,
  });
}
