import { Failure } from '../../domain/failure';
import type { MachineUsage } from '../../domain/machine-usage';
import type { TrainingClient } from '../training-client';
import { isInstanceId } from './run-id';

export interface InstanceUsage {
  readonly runId: string | null;
  readonly instanceId: string | null;
  /** Null when there is nothing to look at now; `failure` says why. */
  readonly usage: MachineUsage | null;
  readonly failure: Failure | null;
  /** There will be nothing to look at any more. */
  readonly isOver: boolean;
}

/**
 * What a training and its instance use now, for a run id (its instance of the moment) or an instance id.
 *
 * @throws run-not-found, no-credentials, not-authorized, aws-unavailable
 */
export async function readInstanceUsage(
  client: TrainingClient,
  id: string,
  options: { readonly isDetailed: boolean },
): Promise<InstanceUsage> {
  if (isInstanceId(id)) return ask(client, { runId: null, instanceId: id }, options);
  const place = await findInstance(client, id);
  const { runId, instanceId, isOver } = place;
  if (instanceId === null) return nothing({ runId, instanceId }, hasNone(place), isOver);
  return ask(client, { runId, instanceId }, options);
}

async function ask(
  client: TrainingClient,
  where: { readonly runId: string | null; readonly instanceId: string },
  options: { readonly isDetailed: boolean },
): Promise<InstanceUsage> {
  const { runId, instanceId } = where;
  const reply = await client.cloud
    .ask(({ calls, cloud }) => calls.readUsage(cloud, instanceId, options))
    .catch(unlessUnreached);
  if (reply instanceof Failure) return nothing(where, reply, false);
  switch (reply.kind) {
    case 'usage':
      return {
        runId: runId ?? reply.usage.runId,
        instanceId,
        usage: reply.usage,
        failure: null,
        isOver: false,
      };
    case 'instance-gone': {
      const why = reply.gone.message;
      const failure = new Failure('no-instance', `instance ${instanceId} is gone.`, { why });
      // A run goes on elsewhere; an instance does not come back.
      return nothing(where, failure, runId === null);
    }
    case 'not-told':
      return nothing(where, cannotTell(instanceId, reply), false);
  }
}

/** An instance that boots is not reached yet. */
function unlessUnreached(error: unknown): Failure {
  if (error instanceof Failure && error.code === 'instance-not-ready') return error;
  throw error;
}

interface Place {
  readonly runId: string;
  readonly instanceId: string | null;
  readonly isOver: boolean;
  readonly state: string;
}

async function findInstance(client: TrainingClient, id: string): Promise<Place> {
  const { runId, state, isOver, attempts } = await client.status(id);
  const current = attempts.at(-1);
  const instanceId = current?.outcome === null ? current.instanceId : null;
  return { runId, instanceId: isOver ? null : instanceId, isOver, state };
}

const hasNone = ({ runId, isOver, state }: Place): Failure =>
  isOver
    ? new Failure('no-instance', `run ${runId} is over (${state}), so it has no instance.`, {
        next: `What it was: runctl aws status ${runId}`,
      })
    : new Failure('no-instance', `run ${runId} has no instance now.`, {
        why: `It is ${state}.`,
        next: `Repeat the command when it trains; --watch waits for that.`,
      });

function cannotTell(
  instanceId: string,
  { code, message }: { readonly code: string; readonly message: string },
): Failure {
  if (code === 'unknown-verb') {
    return new Failure(
      'instance-not-ready',
      `the supervisor on ${instanceId} is of an earlier version.`,
      {
        why: 'It does not know what is asked.',
        next: 'The next attempt brings the newer one.',
      },
    );
  }
  return new Failure('instance-not-ready', `nothing on ${instanceId} can tell what it uses.`, {
    why: `${code}: ${message}.`,
    next: 'Repeat the command when the run trains; runctl brings what is needed with each attempt.',
  });
}

const nothing = (
  where: Pick<InstanceUsage, 'runId' | 'instanceId'>,
  failure: Failure,
  isOver: boolean,
): InstanceUsage => ({ ...where, usage: null, failure, isOver });
