import { Context } from '@temporalio/activity';
import { readCostSoFar } from '../aws/cost-so-far';
import { whyGone } from '../aws/instance-view';
import type { StatusReply } from '../aws/status-reader';
import { readLosses } from '../domain/losses';
import { type ProgressTrace, traceOf } from '../domain/progress-trace';
import type { SupervisorReport } from '../domain/supervisor-report';
import { notYet } from './application-failure';
import type { CostSoFar, WatchDetails } from '../domain/watch-details';
import type { CostMeter, WatchInput, WatchVerdict } from './contract';
import type { ActivityDependencies } from './dependencies';
import { activityLimits } from './limits';
import { lookForAlerts } from './run-alerts';
import { costLine, detailsOf, isWatchDetails, silenceLine, statusLine } from './watch-details';

/** What is known of the steps; the last report may be older than the instance's end. */
interface Steps {
  readonly firstStep: number | null;
  readonly lastStep: number | null;
  readonly trace?: ProgressTrace;
}

/** @see WatchActivities.watchTraining */
export async function watchTraining(
  dependencies: ActivityDependencies,
  input: WatchInput,
): Promise<WatchVerdict> {
  const { cloud } = dependencies;
  const { info } = Context.current();
  const before = isWatchDetails(info.heartbeatDetails) ? info.heartbeatDetails : null;
  const ageMs = Date.now() - info.scheduledTimestampMs;
  const { instanceId } = input;

  const view = await cloud.instances.read(instanceId);
  const cost = await readCost(dependencies, input.meter);
  const goOn = (details: WatchDetails | null, message: string): WatchVerdict =>
    orStillTraining(dependencies, input, cost, details, message);
  if (view === null && ageMs < activityLimits.consistencyMs) {
    return goOn(before, `EC2 does not know ${instanceId} yet`);
  }
  const gone = whyGone(view, instanceId);
  if (gone !== null) return { kind: 'instance-gone', gone, ...stepsOf(before) };

  const status = await readTwiceIfGone(() => cloud.statuses.read(instanceId));
  switch (status.kind) {
    case 'silent':
      // Silence is never a verdict: whether the instance lives is EC2's to say.
      return goOn(before, silenceLine(before, status.message));
    case 'nothing-started':
      if (ageMs < activityLimits.firstReportMs) {
        return goOn(before, `starting: ${status.message}`);
      }
      return { kind: 'trainer-lost', message: status.message, ...stepsOf(before) };
    case 'report': {
      const { report } = status;
      const verdict = judgeReport(report, input, stepsOf(before));
      return verdict ?? goOn(detailsOf(report, input), statusLine(report));
    }
  }
}

/** The report is made of several files: one that says `gone` may have been read in between. */
async function readTwiceIfGone(read: () => Promise<StatusReply>): Promise<StatusReply> {
  let status = await read();
  for (let look = 1; look < activityLimits.goneLooks; look += 1) {
    if (status.kind !== 'report' || status.report.state !== 'gone') return status;
    status = await read();
  }
  return status;
}

/** Pure: what a report means for this attempt; null while it trains. */
export function judgeReport(
  report: SupervisorReport,
  input: WatchInput,
  before: Steps,
): WatchVerdict | null {
  if (report.runId !== input.runId || report.attemptNumber !== input.attemptNumber) {
    const message = `the instance now belongs to attempt ${report.attemptNumber} of ${report.runId}`;
    return { kind: 'trainer-lost', message, ...before };
  }
  const steps: Steps = {
    firstStep: report.firstStep,
    lastStep: report.progress?.step ?? before.lastStep,
    trace: traceOf(report.progress, report.losses),
  };
  const ignored = findIgnoredResume(report, input);
  if (ignored !== null && input.strictResume === true) return ignored;
  switch (report.state) {
    case 'preparing':
    case 'training':
    case 'saving':
      return null;
    case 'gone': {
      const message = 'trainer and supervisor are gone without a result';
      return { kind: 'trainer-lost', message, ...steps };
    }
    case 'ended':
      return judgeEnd(report, steps);
  }
}

function judgeEnd(report: SupervisorReport, steps: Steps): WatchVerdict {
  const { result, preparationFailure, checkpoint, notice } = report;
  if (result !== null) return { kind: 'trainer-ended', result, checkpoint, notice, ...steps };
  if (preparationFailure !== null) return { kind: 'preparation-failed', ...preparationFailure };
  return { kind: 'trainer-lost', message: 'the training ended without a result', ...steps };
}

function findIgnoredResume(report: SupervisorReport, input: WatchInput): WatchVerdict | null {
  const { firstStep } = report;
  const expectedStep = input.resumeStep ?? null;
  if (firstStep === null || expectedStep === null || firstStep >= expectedStep) return null;
  return { kind: 'resume-ignored', firstStep, expectedStep };
}

/**
 * The trainer goes on: a verdict if its cost says so, else it is looked at again. What was last heard is kept as heartbeat
 * details: they come back on the next look, without a history event.
 */
function orStillTraining(
  dependencies: ActivityDependencies,
  { meter }: WatchInput,
  cost: CostSoFar | null,
  details: WatchDetails | null,
  message: string,
): WatchVerdict {
  const verdict = meter === undefined ? null : judgeCost(dependencies, meter, cost);
  if (verdict !== null) return { ...verdict, ...stepsOf(details) };
  if (details !== null) Context.current().heartbeat({ ...details, cost });
  const line = costLine(cost);
  const shown = line === null ? message : `${message}, ${line}`;
  throw notYet('StillTraining', shown, dependencies.pace.watchIntervalMs);
}

/** Null where the run adds nothing to a bill: on an instance of the user's, and for a workflow that counts no cost. */
async function readCost(
  { cloud }: ActivityDependencies,
  meter: CostMeter | undefined,
): Promise<CostSoFar | null> {
  if (meter?.instance.isOurs !== true) return null;
  return readCostSoFar(cloud.prices, meter.instance, meter.runningAt, Date.now());
}

/** What the cost of the run asks for: to tell people, or to save and end; null for nothing. */
function judgeCost(dependencies: ActivityDependencies, meter: CostMeter, cost: CostSoFar | null) {
  const { purchase, isOurs } = meter.instance;
  const costUsd = cost?.costUsd ?? 0;
  const pricePerHourUsd = cost?.pricePerHourUsd ?? null;
  const attempt = { purchase, isOurs, costUsd, pricePerHourUsd };
  const alerts = lookForAlerts(dependencies, meter, attempt);
  if (alerts !== null) return { kind: 'alerts', alerts } as const;
  const totalUsd = meter.endedCostUsd + costUsd;
  return meter.maxCostUsd !== null && totalUsd >= meter.maxCostUsd
    ? ({ kind: 'cost-reached', costUsd: totalUsd } as const)
    : null;
}

const stepsOf = (details: WatchDetails | null): Steps => ({
  firstStep: details?.firstStep ?? null,
  lastStep: details?.progress?.step ?? null,
  ...(details === null ? {} : { trace: traceOf(details.progress, readLosses(details.losses)) }),
});
