import { formatUsd } from '../domain/format';
import { lossCurve } from '../domain/losses';
import type { SupervisorReport } from '../domain/supervisor-report';
import type { CostSoFar, WatchDetails } from '../domain/watch-details';
import type { WatchInput } from './contract';
import { activityLimits } from './limits';

/** What a client shows as live progress. */
export function detailsOf(report: SupervisorReport, input: WatchInput): WatchDetails {
  const { state, progress, losses, checkpoint, firstStep, warnings } = report;
  const at = new Date().toISOString();
  const { instanceId } = input;
  return {
    instanceId,
    state,
    progress,
    losses,
    checkpoint,
    firstStep,
    trainerPid: report.trainer?.pid ?? null,
    warnings: [...warnings, ...resumeWarning(report, input)],
    at,
  };
}

function resumeWarning({ firstStep }: SupervisorReport, { resumeStep }: WatchInput): string[] {
  if (firstStep === null || resumeStep === undefined || resumeStep === null) return [];
  if (firstStep >= resumeStep) return [];
  return [
    `The script began at step ${firstStep} although it was given the checkpoint of step ${resumeStep}: does it load RUNCTL_RESUME_FROM?`,
  ];
}

/** `step 1200/5000, loss 2.31 ▇▅▃▂▁, checkpoint 1150` */
export function statusLine(report: SupervisorReport): string {
  const { state, progress, checkpoint } = report;
  const parts: string[] = state === 'training' ? [] : [state];
  if (progress !== null) {
    const total = progress.totalSteps === null ? '' : `/${progress.totalSteps}`;
    parts.push(`step ${progress.step}${total}`);
    if (progress.loss !== null) parts.push(lossText(progress.loss, report.losses));
  } else if (state === 'training') {
    parts.push('training, no step reported yet');
  }
  if (checkpoint !== null) parts.push(`checkpoint ${checkpoint.step}`);
  return parts.join(', ');
}

function lossText(loss: number, losses: SupervisorReport['losses']): string {
  const curve = losses.length < 2 ? '' : ` ${lossCurve(losses, activityLimits.curveWidth)}`;
  return `loss ${Number(loss.toPrecision(3))}${curve}`;
}

/** `$0.1234 so far at $0.3600/h`; null where nothing is paid, or no price is known. */
export function costLine(cost: CostSoFar | null): string | null {
  if (cost?.pricePerHourUsd == null) return null;
  return `${formatUsd(cost.costUsd)} so far at ${formatUsd(cost.pricePerHourUsd)}/h`;
}

/** `SSM silent since 2026-…: no answer came in time; EC2 says that it runs; last seen at step 12` */
export function silenceLine(before: WatchDetails | null, why: string): string {
  const since = before === null ? 'the start' : before.at;
  const step = before?.progress?.step;
  const seen = step === undefined ? '' : `; last seen at step ${step}`;
  return `SSM silent since ${since} (${why}), while EC2 says that the instance runs${seen}`;
}

/** Heartbeat details come back as whatever an earlier version of the worker wrote. */
export function isWatchDetails(value: unknown): value is WatchDetails {
  return (
    typeof value === 'object' &&
    value !== null &&
    'instanceId' in value &&
    'at' in value &&
    'progress' in value
  );
}
