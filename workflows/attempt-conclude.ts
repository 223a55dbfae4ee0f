import {
  allHandlersFinished,
  ApplicationFailure,
  CancelledFailure,
  condition,
  getExternalWorkflowHandle,
  makeContinueAsNewFunc,
  workflowInfo,
} from '@temporalio/workflow';
import { keepRecent, type AttemptCarryOver } from '../domain/carry-over';
import { applyIntent, decideNext, type NextStep } from '../domain/decide-next';
import { avoidPools } from '../domain/decide-placement';
import { formatFailure, formatOutcome, reasonOf } from '../domain/format';
import type { LaunchedInstance, PriceSource } from '../domain/instance';
import { limits } from '../domain/limits';
import { beganAt, type AttemptOutcome, type AttemptRecord } from '../domain/outcome';
import { countOutcome } from '../domain/run-history';
import { clip } from '../domain/text';
import { noCost, type AttemptCost } from './attempt-release';
import type { Turn } from './attempt-turn';
import { attemptEnded, type RunResult } from './messages';

/** An attempt that is over, with nothing left that it owned. */
interface Ended {
  readonly outcome: AttemptOutcome;
  readonly record: AttemptRecord;
}

/**
 * Ends an attempt: tells the parent, and ends the run or continues as new. Whatever a message asks until the last
 * moment counts: nothing is awaited between the last look at the inbox and the end of this execution.
 */
export async function conclude(
  turn: Turn,
  ended: AttemptOutcome,
  cost: AttemptCost,
): Promise<RunResult> {
  if (turn.isWaitToBeContinued && !turn.inbox.isEnding) return goOnWaiting(turn);
  const outcome = applyIntent(ended, turn.inbox.intent);
  const over = { outcome, record: makeRecord(turn, outcome, cost) };
  await tellParent(turn, over.record);
  await settleMessages(turn, over);
  const step = nextStep(turn, over);
  showEnd(turn, over, step);
  switch (step.kind) {
    case 'finish':
      return makeResult(turn, over, step);
    case 'cancel':
      throw new CancelledFailure('The run was cancelled; its instance is released.');
    case 'fail':
      throw ApplicationFailure.create({
        type: step.code,
        message: formatFailure(step.code, step.message, step.next),
        nonRetryable: true,
        details: [step.message, step.other ?? null, step.next ?? null],
      });
    case 'resume':
      return continueAsNew(nextCarryOver(turn, over, step));
  }
}

/** What follows, as of now: a stop or a cancel that came after the attempt had ended keeps the next one from starting. */
function nextStep(turn: Turn, { outcome, record }: Ended): NextStep {
  const costUsd = turn.carry.costUsd + record.costUsd;
  const history = countOutcome(turn.carry.history, outcome, turn.checkpoint);
  const step = decideNext(outcome, history, turn.spec, costUsd);
  const { intent } = turn.inbox;
  if (step.kind !== 'resume' || intent === 'none') return step;
  return intent === 'cancel' ? { kind: 'cancel' } : { kind: 'finish', state: 'stopped' };
}

/** Answers and delivers until nothing is open. What arrives meanwhile makes another round. */
async function settleMessages(turn: Turn, over: Ended): Promise<void> {
  const { inbox } = turn;
  let hasCancelledParent = false;
  for (;;) {
    if (inbox.hasSaveRequests) {
      inbox.answer(inbox.takeSaveRequests(), { kind: 'saved', checkpoint: turn.checkpoint });
    } else if (!allHandlersFinished() || !turn.areMessagesDelivered) {
      await condition(() => allHandlersFinished() && turn.areMessagesDelivered);
    } else if (nextStep(turn, over).kind === 'cancel' && !hasCancelledParent) {
      hasCancelledParent = true;
      await cancelParent();
    } else {
      return;
    }
  }
}

async function tellParent(turn: Turn, record: AttemptRecord): Promise<void> {
  const { parent } = workflowInfo();
  if (parent === undefined) return;
  const { staleNoticeCount } = turn.inbox;
  const { trace } = turn;
  try {
    await getExternalWorkflowHandle(parent.workflowId).signal(attemptEnded, {
      record,
      staleNoticeCount,
      trace,
    });
  } catch {
    // The parent was ended from outside: nobody keeps the ledger any more, and the clean-up is done.
  }
}

/** A person who cancels the child means the run; a workflow can end as cancelled only when it was asked to. */
async function cancelParent(): Promise<void> {
  const { parent } = workflowInfo();
  if (parent === undefined) return;
  try {
    await getExternalWorkflowHandle(parent.workflowId).cancel();
  } catch {
    // The parent is gone, which is why this attempt was cancelled.
  }
}

function makeRecord(
  turn: Turn,
  outcome: AttemptOutcome,
  { priceSource, onDemandPriceSource, ...cost }: AttemptCost,
): AttemptRecord {
  const { instance } = turn;
  const resumedAt = turn.resumeFrom?.step ?? 0;
  const hasTrained = turn.isStartAsked;
  // The save at the end may be newer than the last progress that anybody read.
  const isOwn = turn.checkpoint?.attemptNumber === turn.carry.attemptNumber;
  const lastStep = Math.max(turn.lastStep ?? resumedAt, isOwn ? (turn.checkpoint?.step ?? 0) : 0);
  return {
    number: turn.carry.attemptNumber,
    instance: instance === null ? null : withSources(instance, priceSource, onDemandPriceSource),
    outcome: outcome.kind,
    message: clip(formatOutcome(outcome), limits.recordMessageBytes),
    ...describeTrainerEnd(turn, outcome),
    fromStep: hasTrained ? beganAt(resumedAt, turn.firstStep) : null,
    toStep: hasTrained ? lastStep : null,
    startedAt: turn.startedAt,
    endedAt: new Date().toISOString(),
    ...cost,
    checkpoint: turn.checkpoint,
  };
}

/** The bill may know a price that was not known at the launch, or the other way round. */
const withSources = (
  instance: LaunchedInstance,
  priceSource: PriceSource | null,
  onDemandPriceSource: PriceSource | null,
): LaunchedInstance => ({
  ...instance,
  ...(priceSource === null ? {} : { priceSource }),
  ...(onDemandPriceSource === null ? {} : { onDemandPriceSource }),
});

function describeTrainerEnd(
  { trainerEnd }: Turn,
  outcome: AttemptOutcome,
): Pick<AttemptRecord, 'reason' | 'exitCode' | 'signal'> {
  const reason = reasonOf(outcome);
  return {
    reason: reason === null ? null : clip(reason, limits.recordReasonBytes),
    exitCode: trainerEnd?.exitCode ?? null,
    signal: trainerEnd?.signal ?? null,
  };
}

function showEnd(turn: Turn, { outcome, record }: Ended, step: NextStep): void {
  const doing = `Ended: ${record.message}`;
  switch (step.kind) {
    case 'finish':
      turn.view.showOutcome(step.state, outcome.kind, doing, '');
      return;
    case 'cancel':
      turn.view.showOutcome('cancelled', outcome.kind, doing, '');
      return;
    case 'fail':
      if (step.other === undefined) turn.view.showOutcome('failed', outcome.kind, doing, '');
      else turn.view.showTurnedAway(doing);
      return;
    case 'resume':
      turn.view.showOutcome(
        'placing',
        outcome.kind,
        doing,
        `attempt ${turn.carry.attemptNumber + 1} resumes from ${turn.checkpoint === null ? 'the start' : `step ${turn.checkpoint.step}`}`,
      );
      return;
  }
}

function makeResult(turn: Turn, { record }: Ended, step: NextStep & { kind: 'finish' }): RunResult {
  return {
    runId: turn.spec.runId,
    state: step.state,
    attempts: keepRecent(turn.carry.recentAttempts, record),
    checkpoint: turn.checkpoint,
    costUsd: turn.carry.costUsd + record.costUsd,
    onDemandCostUsd: turn.carry.onDemandCostUsd + record.onDemandCostUsd,
    trace: turn.trace,
    alerts: turn.alerts.raised,
    ...(step.warning === undefined ? {} : { warning: step.warning }),
  };
}

function nextCarryOver(
  turn: Turn,
  { outcome, record }: Ended,
  step: NextStep & { kind: 'resume' },
): AttemptCarryOver {
  const { carry, instance } = turn;
  const now = Date.now();
  const wasTaken = outcome.kind === 'interrupted' || outcome.kind === 'instance-lost';
  const avoided = wasTaken && instance?.purchase === 'spot' ? [instance] : [];
  return {
    version: 1,
    spec: carry.spec,
    attemptNumber: carry.attemptNumber + 1,
    notBefore:
      step.afterSeconds === 0 ? null : new Date(now + step.afterSeconds * 1000).toISOString(),
    why: clip(step.why, limits.recordMessageBytes),
    history: countOutcome(carry.history, outcome, turn.checkpoint),
    checkpoint: turn.checkpoint,
    shortage: null,
    avoidedPools: avoidPools(turn.avoidedPools, avoided, now),
    recentAttempts: keepRecent(carry.recentAttempts, record),
    costUsd: carry.costUsd + record.costUsd,
    onDemandCostUsd: carry.onDemandCostUsd + record.onDemandCostUsd,
    staleNoticeCount: turn.inbox.staleNoticeCount,
    trace: turn.trace,
    runStartedAt: turn.runStartedAt,
    alerts: turn.alerts,
  };
}

/** The same attempt again, with an empty history: a long wait for capacity must not meet Temporal's limit. */
async function goOnWaiting(turn: Turn): Promise<RunResult> {
  while (!allHandlersFinished() || !turn.areMessagesDelivered) {
    await condition(() => allHandlersFinished() && turn.areMessagesDelivered);
  }
  if (turn.inbox.isEnding) {
    turn.isWaitToBeContinued = false;
    return conclude(turn, { kind: 'stopped' }, noCost);
  }
  return continueAsNew({
    ...turn.carry,
    notBefore: null,
    checkpoint: turn.checkpoint,
    shortage: turn.shortage,
    avoidedPools: turn.avoidedPools,
    staleNoticeCount: turn.inbox.staleNoticeCount,
    runStartedAt: turn.runStartedAt,
    alerts: turn.alerts,
  });
}

type Attempt = (carried: unknown) => Promise<RunResult>;

function continueAsNew(carried: AttemptCarryOver): Promise<never> {
  const { workflowType } = workflowInfo();
  return makeContinueAsNewFunc<Attempt>({ workflowType })(carried);
}
