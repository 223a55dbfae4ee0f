import { WorkflowFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure, type CancelledFailure } from '@temporalio/common';
import { formatAlert, type RaisedAlert } from '../../domain/alerts';
import { Failure } from '../../domain/failure';
import { runWorkflowId } from '../../domain/ids';
import { readLosses } from '../../domain/losses';
import { extendTrace, type ProgressTrace, readTrace, traceOf } from '../../domain/progress-trace';
import { status, type FailedRun, type RunResult, type RunStatus } from '../../workflows/messages';
import { toCurrentLine } from './current-line';
import { knownAttempts } from './known-attempts';
import { readCurrentAttempt, type CurrentAttempt } from './read-attempt';
import { openPhase } from './open-phase';
import { Queries, unlessMissing } from './queries';
import { progressOfEndedRun, progressOfOpenRun } from './run-progress';
import { toAttemptLine, type RunSnapshot } from './run-snapshot';

/**
 * Reads what is known of a run now. Needs no worker; without one it knows less, and says so.
 *
 * @throws run-not-found
 */
export async function readRun(
  client: Client,
  runId: string,
  queries = new Queries(client),
): Promise<RunSnapshot> {
  const handle = client.workflow.getHandle(runWorkflowId(runId));
  const description = await unlessMissing(handle.describe());
  if (description === null) throw new Failure('run-not-found', `there is no run "${runId}".`);
  if (description.status.name === 'RUNNING') return readOpenRun(client, runId, queries);
  const answer = (): Promise<RunStatus | null> => queries.ask(() => handle.query(status));
  try {
    return fromResult((await handle.result()) as RunResult); // the result type of trainingRun
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const failed = failedRunOf(error);
    if (failed !== null) return fromFailedRun(failed);
    const isCancelled = description.status.name === 'CANCELLED';
    const end = isCancelled
      ? 'cancelled'
      : description.status.name === 'TERMINATED'
        ? 'terminated'
        : 'failed';
    return fromAbruptEnd(runId, end, error.cause?.message ?? error.message, await answer());
  }
}

async function readOpenRun(client: Client, runId: string, queries: Queries): Promise<RunSnapshot> {
  const handle = client.workflow.getHandle(runWorkflowId(runId));
  const [answer, current] = await Promise.all([
    queries.ask(() => handle.query(status)),
    readCurrentAttempt(client, runId, queries),
  ]);
  const now = Date.now();
  const ended = knownAttempts(answer?.attempts ?? [], current?.ended.attempts ?? []).map(
    toAttemptLine,
  );
  // For a moment after its end an attempt may be both in the ledger and still running.
  const isListed = ended.some(({ number }) => number === current?.number);
  const line = current === null || isListed ? null : toCurrentLine(current, now);
  const attempts = line === null ? ended : [...ended, line];
  // Of ended attempts; whoever knows more of them names the larger sum.
  const endedCost = (of: (known: Costs) => number): number =>
    Math.max(answer === null ? 0 : of(answer), current === null ? 0 : of(current.ended));
  const checkpoint = newestCheckpoint(answer, current);
  const progress = isListed ? null : (current?.details?.progress ?? null);
  const trace = traceOfOpenRun(answer, current);
  return {
    runId,
    state: openPhase(answer, current?.phase ?? null),
    isOver: false,
    message: current?.message ?? answer?.message ?? '',
    attempts,
    checkpoint,
    ...costOf(
      endedCost(({ costUsd }) => costUsd) + (line?.costUsd ?? 0),
      endedCost(({ onDemandCostUsd }) => onDemandCostUsd) + (line?.onDemandCostUsd ?? 0),
    ),
    isCostEstimated: line?.isCostEstimated ?? false,
    pricePerHourUsd: line?.pricePerHourUsd ?? null,
    progress,
    ...progressOfOpenRun({ progress, checkpoint, trace, attempts }, now),
    trainerPid: isListed ? null : (current?.details?.trainerPid ?? null),
    failure: null,
    warnings: [
      ...(answer === null
        ? ['no worker answers, so this is only what Temporal keeps; `runctl worker` starts one']
        : []),
      ...(current?.details?.warnings ?? []),
      ...alertTexts(runId, current?.alerts ?? answer?.alerts),
    ],
  };
}

type Costs = Pick<RunStatus, 'costUsd' | 'onDemandCostUsd'>;

const costOf = (costUsd: number, onDemandCostUsd: number) => ({
  costUsd,
  onDemandCostUsd,
  savedUsd: onDemandCostUsd - costUsd,
});

/** What people were warned of; a worker of an earlier version knows nothing of it. */
const alertTexts = (runId: string, alerts: readonly RaisedAlert[] | undefined): string[] =>
  (alerts ?? []).map((alert) => `${formatAlert(alert, runId)} (${alert.at})`);

function newestCheckpoint(
  answer: RunStatus | null,
  current: CurrentAttempt | null,
): RunSnapshot['checkpoint'] {
  return current?.details?.checkpoint ?? current?.checkpoint ?? answer?.checkpoint ?? null;
}

/** What the attempts before have reported, and the current one so far. */
function traceOfOpenRun(answer: RunStatus | null, current: CurrentAttempt | null): ProgressTrace {
  const details = current?.details ?? null;
  const before = current?.isAnswered === true ? current.trace : readTrace(answer?.trace);
  return extendTrace(before, traceOf(details?.progress ?? null, readLosses(details?.losses)));
}

function fromResult(result: RunResult): RunSnapshot {
  return {
    ...ended(result.runId, result),
    state: result.state,
    message: result.warning ?? result.attempts.at(-1)?.message ?? '',
    warnings: [
      ...(result.warning === undefined ? [] : [result.warning]),
      ...alertTexts(result.runId, result.alerts),
    ],
  };
}

function fromFailedRun(failed: FailedRun): RunSnapshot {
  const { code, message, next, other } = failed;
  return {
    ...ended(failed.runId, failed),
    state: 'failed',
    message,
    failure: { code, message, next, ...other },
  };
}

function fromAbruptEnd(
  runId: string,
  state: 'cancelled' | 'terminated' | 'failed',
  message: string,
  answer: RunStatus | null,
): RunSnapshot {
  const none = { attempts: [], checkpoint: null, costUsd: 0, onDemandCostUsd: 0, alerts: [] };
  const failure =
    state === 'cancelled'
      ? null
      : { code: 'run-failed', message, next: '`runctl aws list` shows the other runs.' };
  return { ...ended(runId, answer ?? none), state, message, failure };
}

function ended(
  runId: string,
  ledger: Pick<
    RunStatus,
    'attempts' | 'checkpoint' | 'costUsd' | 'onDemandCostUsd' | 'trace' | 'alerts'
  >,
): Omit<RunSnapshot, 'state' | 'message'> {
  const attempts = ledger.attempts.map(toAttemptLine);
  return {
    runId,
    isOver: true,
    attempts,
    checkpoint: ledger.checkpoint,
    ...costOf(ledger.costUsd, ledger.onDemandCostUsd),
    isCostEstimated: false,
    pricePerHourUsd: null,
    progress: null,
    ...progressOfEndedRun(readTrace(ledger.trace), attempts),
    trainerPid: null,
    failure: null,
    warnings: alertTexts(runId, ledger.alerts),
  };
}

/** What a failed `trainingRun` says of itself; null when it ended in another way. */
function failedRunOf(error: WorkflowFailedError): FailedRun | null {
  const cause: Error | CancelledFailure | undefined = error.cause;
  if (!(cause instanceof ApplicationFailure)) return null;
  const [details] = cause.details ?? [];
  const isFailedRun =
    typeof details === 'object' && details !== null && 'state' in details && 'attempts' in details;
  // The workflow's own words: messages.ts says what the first detail is.
  return isFailedRun ? (details as FailedRun) : null;
}
