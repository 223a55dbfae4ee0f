import { formatMaxCost } from './format';
import type { AttemptOutcome, OtherTraining } from './outcome';
import type { RunHistory } from './run-history';
import type { TrainingRunSpec } from './run-spec';
import { plural } from './text';

/** What follows an attempt. */
export type NextStep =
  | {
      readonly kind: 'finish';
      readonly state: 'completed' | 'stopped';
      readonly warning?: string;
    }
  | { readonly kind: 'cancel' }
  /** Another attempt, from the newest verified checkpoint. */
  | { readonly kind: 'resume'; readonly afterSeconds: number; readonly why: string }
  /** `next`: what to do, where it differs from what the code advises. */
  | {
      readonly kind: 'fail';
      readonly code: string;
      readonly message: string;
      readonly other?: OtherTraining;
      readonly next?: string;
    };

/** What the user has asked for meanwhile. */
export type Intent = 'none' | 'stop' | 'cancel';

/**
 * An instance of the user's that got a notice is still running for two minutes. Looking again after that tells whether
 * it was really taken.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
 */
const afterNoticeSeconds = 150;

/**
 * Decides what follows an attempt. Pure and total; test/domain/decide-next.test.ts is its table.
 *
 * @param history counts this outcome already.
 * @param costUsd of all attempts, this one included.
 */
export function decideNext(
  outcome: AttemptOutcome,
  history: RunHistory,
  spec: TrainingRunSpec,
  costUsd = 0,
): NextStep {
  const step = decideByOutcome(outcome, history, spec);
  const { maxCostUsd } = spec.budgets;
  if (step.kind !== 'resume' || maxCostUsd === null || costUsd < maxCostUsd) return step;
  // Nothing runs now, so this costs nothing more; another attempt would.
  return costReached(`${formatMaxCost(costUsd, maxCostUsd)} It was to go on, because ${step.why}.`);
}

const costReached = (message: string): NextStep => ({
  kind: 'fail',
  code: 'max-cost-reached',
  message,
});

function decideByOutcome(
  outcome: AttemptOutcome,
  history: RunHistory,
  spec: TrainingRunSpec,
): NextStep {
  switch (outcome.kind) {
    case 'completed':
      return {
        kind: 'finish',
        state: 'completed',
        ...(outcome.warning === undefined ? {} : { warning: outcome.warning }),
      };
    case 'stopped':
      return {
        kind: 'finish',
        state: 'stopped',
        ...(outcome.warning === undefined ? {} : { warning: outcome.warning }),
      };
    case 'cancelled':
      return { kind: 'cancel' };
    case 'refused':
      return {
        kind: 'fail',
        code: outcome.code,
        message: outcome.message,
        ...(outcome.other === undefined ? {} : { other: outcome.other }),
      };
    case 'cost-reached':
      return costReached(outcome.message);
    case 'capacity-shortage':
      return { kind: 'fail', code: 'capacity-shortage', message: outcome.message };
    case 'trainer-failed':
      return decideAfterError(outcome, history, spec);
    case 'interrupted':
    case 'instance-lost':
    case 'trainer-lost':
      return decideAfterLoss(outcome, history, spec);
  }
}

function decideAfterError(
  { failure, warning }: AttemptOutcome & { kind: 'trainer-failed' },
  { errorCount }: RunHistory,
  { budgets }: TrainingRunSpec,
): NextStep {
  if (failure.isRetried && errorCount <= budgets.maxErrors) {
    return { kind: 'resume', afterSeconds: 0, why: `the trainer failed (${failure.reason})` };
  }
  const said = `The trainer failed: ${failure.reason}${warning === undefined ? '' : `; ${warning}`}.`;
  const log =
    failure.lastLogLines === '' ? '' : `\nLast lines of its log:\n${failure.lastLogLines}`;
  if (!failure.isRetried) {
    const next =
      'Correct the script, or what it needs, and start the run again. It was not tried again, because the same would happen.';
    return { kind: 'fail', code: 'trainer-failed', message: said + log, next };
  }
  return errorCount === 1
    ? { kind: 'fail', code: 'trainer-failed', message: said + log }
    : {
        kind: 'fail',
        code: 'error-budget-spent',
        message: `${said} That was failure ${errorCount}; the run allows ${budgets.maxErrors}.${log}`,
      };
}

type Loss = AttemptOutcome & { kind: 'interrupted' | 'instance-lost' | 'trainer-lost' };

function decideAfterLoss(outcome: Loss, history: RunHistory, spec: TrainingRunSpec): NextStep {
  const { maxInterruptions, maxAttemptsWithoutProgress } = spec.budgets;
  if (spec.capacity.kind === 'existing-instance' && outcome.kind === 'instance-lost') {
    return {
      kind: 'fail',
      code: 'instance-lost',
      message: `The run was bound to instance ${spec.capacity.instanceId}, and runctl cannot launch another in its place: ${outcome.message}.`,
    };
  }
  if (maxInterruptions !== null && history.interruptionCount > maxInterruptions) {
    return {
      kind: 'fail',
      code: 'interruption-budget-spent',
      message: `The run was interrupted ${plural(history.interruptionCount, 'time')}; it allows ${maxInterruptions}.`,
    };
  }
  if (history.attemptsWithoutProgress > maxAttemptsWithoutProgress) {
    return {
      kind: 'fail',
      code: 'no-progress',
      message: `${plural(history.attemptsWithoutProgress, 'attempt')} in a row ended without a newer checkpoint; the last one because ${outcome.message}. ${describeBest(history)}`,
    };
  }
  const isToBeSeen = spec.capacity.kind === 'existing-instance' && outcome.kind === 'interrupted';
  return {
    kind: 'resume',
    afterSeconds: isToBeSeen ? afterNoticeSeconds : 0,
    why: outcome.message,
  };
}

const describeBest = ({ bestStep }: RunHistory): string =>
  bestStep === null
    ? 'No checkpoint was ever saved.'
    : `The newest checkpoint is of step ${bestStep}.`;

/** What the user asked for wins over going on, but not over the truth: a training that has completed has completed. */
export function applyIntent(outcome: AttemptOutcome, intent: Intent): AttemptOutcome {
  if (intent === 'none' || outcome.kind === 'completed') return outcome;
  if (outcome.kind === 'refused' && intent === 'stop') return outcome;
  const kind = intent === 'cancel' || outcome.kind === 'cancelled' ? 'cancelled' : 'stopped';
  // What could not be kept is told all the same.
  return 'warning' in outcome ? { kind, warning: outcome.warning } : { kind };
}
