import { Context } from '@temporalio/activity';
import { whyGone } from '../aws/instance-view';
import type { StatusReply } from '../aws/status-reader';
import { readLosses } from '../domain/losses';
import { type ProgressTrace, traceOf } from '../domain/progress-trace';
import type { SupervisorReport } from '../domain/supervisor-report';
import { notYet } from './application-failure';
import type { WatchDetails } from '../domain/watch-details';
import type { WatchInput, WatchVerdict } from './contract';
import type { ActivityDependencies } from './dependencies';
import { activityLimits } from './limits';
import { detailsOf, isWatchDetails, silenceLine, statusLine } from './watch-details';

/** What is known of the steps; the last report may be older than the instance's end. */
interface Steps {
  readonly firstStep: number | null;
  readonly lastStep: number | null;
  readonly trace?: ProgressTrace;
}

/** @see WatchActivities.watchTraining */
export async function watchTraining(
  { cloud, pace }: ActivityDependencies,
  input: WatchInput,
): Promise<WatchVerdict> {
  const { info } = Context.current();
  const before = isWatchDetails(info.heartbeatDetails) ? info.heartbeatDetails : null;
  const ageMs = Date.now() - info.scheduledTimestampMs;
  const { instanceId } = input;

  const view = await cloud.instances.read(instanceId);
  if (view === null && ageMs < activityLimits.consistencyMs) {
    throw stillTraining(before, `EC2 does not know ${instanceId} yet`, pace.watchIntervalMs);
  }
  const gone = whyGone(view, instanceId);
  if (gone !== null) return { kind: 'instance-gone', gone, ...stepsOf(before) };

  const status = await readTwiceIfGone(() => cloud.statuses.read(instanceId));
  switch (status.kind) {
    case 'silent':
      // Silence is never a verdict: whether the instance lives is EC2's to say.
      throw stillTraining(before, silenceLine(before, status.message), pace.watchIntervalMs);
    case 'nothing-started':
      if (ageMs < activityLimits.firstReportMs) {
        throw stillTraining(before, `starting: ${status.message}`, pace.watchIntervalMs);
      }
      return { kind: 'trainer-lost', message: status.message, ...stepsOf(before) };
    case 'report': {
      const { report } = status;
      const verdict = judgeReport(report, input, stepsOf(before));
      if (verdict !== null) return verdict;
      throw stillTraining(detailsOf(report, input), statusLine(report), pace.watchIntervalMs);
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

/** Keeps what was last heard as heartbeat details: they come back on the next look, without a history event. */
function stillTraining(details: WatchDetails | null, message: string, delayMs: number): Error {
  if (details !== null) Context.current().heartbeat(details);
  return notYet('StillTraining', message, delayMs);
}

const stepsOf = (details: WatchDetails | null): Steps => ({
  firstStep: details?.firstStep ?? null,
  lastStep: details?.progress?.step ?? null,
  ...(details === null ? {} : { trace: traceOf(details.progress, readLosses(details.losses)) }),
});
