import { savedShare } from '../../domain/bill';
import { formatDuration, formatLoss, formatUsd } from '../../domain/format';
import type { SurveyedRun } from '../runs/survey-runs';
import { curveText, stepText } from './progress-text';
import { formatTable } from './table';
import { textView, type TextView } from './terminal';

const curveWidth = 8;

/** Runs as a table, one line each. */
export function listText(runs: readonly SurveyedRun[], view: TextView = textView()): string {
  if (runs.length === 0) return 'No runs.';
  const header = [
    'RUN',
    'STATE',
    'STARTED',
    '#',
    'INSTANCE',
    'STEP',
    'LOSS',
    'LEFT',
    'COST',
    'SAVED',
  ];
  const rows = runs.map((run) => [
    run.runId,
    run.state,
    run.startedAt.replace(/\.\d+Z$/, 'Z'),
    String(run.attempt ?? '-'),
    run.instanceId ?? '-',
    run.step === null ? '-' : stepText(run.step, run.totalSteps),
    lossText(run, view),
    run.secondsLeft === null ? '-' : formatDuration(run.secondsLeft),
    `${run.isCostEstimated ? '~' : ''}${formatUsd(run.costUsd)}`,
    run.onDemandCostUsd === 0
      ? '-'
      : `${Math.round(savedShare(run.costUsd, run.onDemandCostUsd) * 100)} %`,
  ]);
  return formatTable(header, rows);
}

function lossText(run: SurveyedRun, view: TextView): string {
  if (run.loss === null) return '-';
  return `${formatLoss(run.loss)} ${curveText(run, curveWidth, view.curves)}`.trimEnd();
}
