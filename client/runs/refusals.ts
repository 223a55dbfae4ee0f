import { setTimeout as sleep } from 'node:timers/promises';
import { Failure, isFailureCode } from '../../domain/failure';
import { formatAlreadyRunning } from '../../domain/format';
import type { OtherTraining } from '../../domain/outcome';
import { pickRun } from '../../domain/run-on-instance';
import { findRunsOn } from '../instances/runs-on-instance';
import { limits } from '../limits';
import type { TrainingClient } from '../training-client';
import { followRun } from './follow-run';
import type { RunSnapshot } from './run-snapshot';

/** The refusal of a second training on an instance. */
function alreadyRunning(instanceId: string, other: OtherTraining): Failure {
  return new Failure('already-running', formatAlreadyRunning(instanceId, other.pid), {
    why: `Run ${other.runId} trains there since ${other.since}.`,
    details: { ...other },
  });
}

/**
 * Tells early what the instance itself would refuse later: on one instance there is one training. The lock on the
 * instance is what really excludes the second.
 *
 * @throws already-running
 */
export async function refuseSecondTraining(
  client: TrainingClient,
  instanceId: string,
): Promise<void> {
  const deadline = Date.now() + limits.trainerPidSeconds * 1_000;
  for (;;) {
    const other = await findOther(client, instanceId);
    if (other === null) return;
    // A training that has just begun is heard of without its process first.
    if (other.pid !== null || Date.now() > deadline) throw alreadyRunning(instanceId, other);
    await sleep(limits.followIntervalMs);
  }
}

async function findOther(
  client: TrainingClient,
  instanceId: string,
): Promise<OtherTraining | null> {
  const found = pickRun(await findRunsOn(client.temporal, instanceId));
  if (found?.isOpen !== true) return null;
  const { runId, state, isOver, attempts, trainerPid } = await client.status(found.runId);
  const attempt = attempts.at(-1);
  const isHere = !isOver && attempt?.outcome === null && attempt.instanceId === instanceId;
  // Once it releases the instance its training has ended.
  if (!isHere || state === 'releasing') return null;
  return { pid: trainerPid, runId, since: attempt.startedAt };
}

/**
 * Waits until the instance has accepted a run, and returns null; or returns how the run ended before anybody saw that.
 * Gives up waiting, with null, when the signal says so or the instance does not answer for long.
 */
export async function awaitAcceptance(
  client: TrainingClient,
  runId: string,
  signal: AbortSignal,
): Promise<RunSnapshot | null> {
  const accepted = new AbortController();
  const onSnapshot = ({ state }: RunSnapshot): void => {
    if (state === 'training' || state === 'saving') accepted.abort();
  };
  const late = AbortSignal.timeout(limits.acceptanceSeconds * 1_000);
  const until = AbortSignal.any([signal, accepted.signal, late]);
  return followRun(client, runId, { onSnapshot }, until);
}

/** Why a run could not even begin, as the failure of the command that asked for it; null when it began. */
export function refusalOf(run: RunSnapshot): Failure | null {
  const { failure, attempts, runId } = run;
  if (failure === null || attempts.at(-1)?.outcome !== 'refused') return null;
  const { code, message, next, ...other } = failure;
  const who =
    other.runId === undefined
      ? ''
      : ` Run ${other.runId} trains there since ${other.since ?? 'an unknown time'}.`;
  return new Failure(isFailureCode(code) ? code : 'run-failed', message, {
    why: `Run ${runId} ended before it began.${who}`,
    next,
    details: other,
  });
}
