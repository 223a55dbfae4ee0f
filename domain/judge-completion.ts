import type { InstanceGone } from './instance';
import type { AttemptOutcome } from './outcome';
import { failureOfPreparation } from './preparation-failure';
import type { KnownFailure, SeenNotice, TrainerResult } from './supervisor-report';

/** What was seen of the end of an attempt: the verdict of `watchTraining`, or of the save that ended the trainer. */
export type Observation =
  | {
      readonly kind: 'trainer-ended';
      readonly result: TrainerResult;
      readonly notice: SeenNotice | null;
    }
  | { readonly kind: 'preparation-failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'trainer-lost'; readonly message: string }
  | { readonly kind: 'instance-gone'; readonly gone: InstanceGone }
  | {
      readonly kind: 'resume-ignored';
      readonly firstStep: number;
      readonly expectedStep: number;
    };

/**
 * Judges how an attempt ended. Pure and total; test/domain/judge-completion.test.ts is its table.
 *
 * The exit status that the supervisor saw decides, never a guess: a marker alone does not make a failure a success, and
 * an end that nobody saw is never `completed`.
 *
 * @param isNoticed whether a signal told of an interruption of this instance. The trainer does not hear of that by
 *   itself: an exit 0 that nobody asked for is its own, unless the supervisor had seen the notice too.
 */
export function judgeCompletion(seen: Observation, isNoticed: boolean): AttemptOutcome {
  switch (seen.kind) {
    case 'trainer-ended': {
      const { result, notice } = seen;
      const outcome = judgeResult(result, isNoticed, wasNoticeSeen(notice, result));
      return addWarning(outcome, result.warning ?? null);
    }
    case 'preparation-failed':
      return { kind: 'refused', code: failureOfPreparation(seen.code), message: seen.message };
    case 'trainer-lost':
      return { kind: 'trainer-lost', message: seen.message };
    case 'instance-gone':
      return isNoticed
        ? { kind: 'interrupted', message: 'EC2 took the instance back after a notice' }
        : { kind: 'instance-lost', message: describeGone(seen.gone) };
    case 'resume-ignored':
      return {
        kind: 'refused',
        code: 'resume-ignored',
        message: `The script began at step ${seen.firstStep} although it was given the checkpoint of step ${seen.expectedStep}.`,
      };
  }
}

/** A notice that comes while the last checkpoint is published has nothing to do with the end before it. */
const wasNoticeSeen = (notice: SeenNotice | null, { endedAt }: TrainerResult): boolean =>
  notice !== null && Date.parse(notice.seenAt) <= Date.parse(endedAt);

function judgeResult(
  result: TrainerResult,
  isNoticed: boolean,
  hasSeenNotice: boolean,
): AttemptOutcome {
  const isDone = result.exitCode === 0 && (result.hasMarker || result.hasLogMatch);
  switch (result.stopCause) {
    case 'own-accord':
      if (isDone) return completed(result);
      return judgeOwnEnd(result, isNoticed, hasSeenNotice);
    case 'interruption':
      // Exit 0 is what a script does that has saved at SIGTERM; only its own word says that nothing was left to do.
      if (isDone) return completed(result);
      return isNoticed || hasSeenNotice ? interrupted() : shutDown();
    case 'stop':
    case 'force-stop':
      return isDone ? completed(result) : { kind: 'stopped' };
    case 'lease-expired':
      return isDone
        ? completed(result)
        : {
            kind: 'instance-lost',
            message: 'no worker renewed the lease, so the supervisor saved and shut down',
          };
    case 'hung':
      return isDone ? completed(result) : failed(result, describeHang(result));
    case 'hung-after-completion':
      return {
        ...completed(result),
        warning: `the script said that it was done but did not exit, and was ended (${describeEnd(result)})`,
      };
  }
}

/** What the supervisor had to tell of the end is told with the outcome, whatever that is. */
function addWarning(outcome: AttemptOutcome, warning: string | null): AttemptOutcome {
  if (warning === null || warning === '') return outcome;
  switch (outcome.kind) {
    case 'completed':
    case 'trainer-failed':
    case 'stopped':
    case 'cancelled': {
      const before = outcome.warning;
      return { ...outcome, warning: before === undefined ? warning : `${before}; ${warning}` };
    }
    case 'interrupted':
    case 'instance-lost':
    case 'trainer-lost':
    case 'capacity-shortage':
    case 'refused':
    case 'cost-reached':
      return { ...outcome, message: `${outcome.message}; ${warning}` };
  }
}

function judgeOwnEnd(
  result: TrainerResult,
  isNoticed: boolean,
  hasSeenNotice: boolean,
): AttemptOutcome {
  // A script that reads RUNCTL_NOTICE_FILE may save and exit before the supervisor signals it.
  if (hasSeenNotice) return interrupted();
  if (result.exitCode === 0) return completed(result);
  // A machine that shuts down ends its processes: the notice explains the end better than the exit code does.
  if (isNoticed) return interrupted();
  if (result.exitCode === null && result.signal === null) {
    return { kind: 'trainer-lost', message: 'the trainer ended, but nobody saw how' };
  }
  return failed(result, describeFailure(result), explainedBy(result)?.isRetried ?? true);
}

function failed(result: TrainerResult, reason: string, isRetried = true): AttemptOutcome {
  const said = result.hasMarker
    ? 'written its completion marker'
    : result.hasLogMatch
      ? 'said in its log that it was done'
      : null;
  return {
    kind: 'trainer-failed',
    failure: { reason, isRetried, lastLogLines: result.lastLogLines },
    ...(said === null ? {} : { warning: `the script had ${said} before it failed` }),
  };
}

/** Supervisors get SIGTERM only from a machine that goes down; with a notice it would be an interruption. */
const shutDown = (): AttemptOutcome => ({
  kind: 'trainer-lost',
  message: 'the machine was rebooted or shut down before the script had ended',
});

const interrupted = (): AttemptOutcome => ({
  kind: 'interrupted',
  message: 'a Spot notice came, and the trainer ended',
});

const completed = (result: TrainerResult): AttemptOutcome & { kind: 'completed' } => ({
  kind: 'completed',
  exitCode: result.exitCode,
});

/** A process that was killed by somebody else said nothing about it in its log. */
const explainedBy = (result: TrainerResult): KnownFailure | null =>
  result.signal === 'SIGKILL' || result.isOutOfMemory ? null : result.knownFailure;

function describeFailure(result: TrainerResult): string {
  const known = explainedBy(result);
  return known === null ? describeEnd(result) : `${known.reason} (${describeEnd(result)})`;
}

const describeHang = ({ quietSeconds }: TrainerResult): string =>
  `hung: no progress and no log for ${quietSeconds ?? 0} s`;

/** `exit code 3`, `killed by SIGKILL (out of memory)`. */
function describeEnd(result: TrainerResult): string {
  const memory = result.isOutOfMemory ? ' (out of memory)' : '';
  if (result.signal !== null) return `killed by ${result.signal}${memory}`;
  return result.exitCode === null
    ? 'ended without a recorded exit'
    : `exit code ${result.exitCode}${memory}`;
}

const describeGone = (gone: InstanceGone): string =>
  gone.code === 'Server.SpotInstanceTermination'
    ? 'EC2 took the Spot instance back, and no notice was heard'
    : `the instance is gone (${[gone.code, gone.message].filter((part) => part !== '').join(': ') || 'EC2 gives no reason'})`;
