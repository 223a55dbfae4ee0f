import { formatDuration, formatLoss, formatUsd } from '../../domain/format';
import type { AttemptLine, RunSnapshot } from '../runs/run-snapshot';
import { curveText, leftText, phaseText, rateText, stepText } from './progress-text';
import { formatTable } from './table';
import { cutTo, textView, type TextView } from './terminal';

/** Letters of a loss curve on a line of its own. */
const curveWidth = 24;
/** A message that is cut to less than this says nothing. */
const messageWidthMin = 20;

/** A run for people: where it is, how far, what its attempts were, and what it cost. */
export function runText(run: RunSnapshot, view: TextView = textView()): string {
  const { failure } = run;
  return [
    `Run ${run.runId}: ${run.isOver ? run.state : phaseText(run)}`,
    ...messageLines(run),
    ...(failure === null ? [] : [`  why ended  ${failure.code}`, `  next       ${failure.next}`]),
    ...run.warnings.map((warning) => `  warning: ${warning}`),
    '',
    ...labelled([
      ['Progress', progressLine(run)],
      ['Ends', endLine(run)],
      ['Loss', lossLine(run, view)],
      ['Checkpoint', checkpointLine(run)],
      ...costLines(run),
    ]),
    '',
    run.attempts.length === 0 ? 'No attempt has ended yet.' : attemptsTable(run.attempts, view),
  ].join('\n');
}

/** Indented below the headline, except for the four ways on, which are the same text everywhere. */
function messageLines({ message, failure }: RunSnapshot): string[] {
  if (message === '') return [];
  if (failure?.code === 'already-running') return [message];
  return [`  ${message.replaceAll('\n', '\n  ')}`];
}

/** The commands that make sense now, for the end of `status`. */
export function nextCommandsText(run: RunSnapshot, webUiUrl: string | null): string {
  const { runId, checkpoint } = run;
  const resume: [string, string][] =
    checkpoint === null || run.state === 'completed'
      ? []
      : [['resume', `runctl aws checkpoint resume ${runId}`]];
  const commands: [string, string][] = run.isOver
    ? [['log', `runctl aws monitor ${runId} --lines 50`], ...resume]
    : [
        ['watch', `runctl aws monitor ${runId} --follow`],
        ['usage', `runctl aws processes ${runId}`],
        ['stop', `runctl aws stop ${runId}`],
      ];
  return labelled([...commands, ['web', webUiUrl ?? '']]).join('\n');
}

/** `step 120/500 (24 %), 3.2 steps/s` */
function progressLine({ step, totalSteps, progress }: RunSnapshot): string {
  if (step === null) return '';
  const rate = progress?.stepsPerSecond ?? null;
  return `step ${stepText(step, totalSteps)}${rate === null ? '' : `, ${rateText(rate)}`}`;
}

/** `2 h 05 min left, of which 12 min for 1.4 interruptions, as often as so far` */
function endLine({ estimate }: RunSnapshot): string {
  if (estimate === null) return '';
  const { expectedInterruptions, secondsPerInterruption } = estimate;
  const overheadSeconds = expectedInterruptions * secondsPerInterruption;
  const overhead =
    overheadSeconds < 1
      ? ''
      : `, of it ${formatDuration(overheadSeconds)} for ${expectedInterruptions.toFixed(1)} interruptions, if they come as often as so far`;
  return `${leftText(estimate)}${overhead}`;
}

/** `2.310  █▆▄▃▂▁  (4.020 at step 1)` */
function lossLine({ lossHistory, progress }: RunSnapshot, view: TextView): string {
  const [first, last] = [lossHistory[0], lossHistory.at(-1)];
  const loss = progress?.loss ?? last?.loss;
  if (loss === undefined) return '';
  const curve = curveText({ lossHistory }, curveWidth, view.curves);
  if (curve === '' || first === undefined) return formatLoss(loss);
  return `${formatLoss(loss)}  ${curve}  (${formatLoss(first.loss)} at step ${first.step})`;
}

/** `step 100 of attempt 2, 12 s ago`; a run that is over has no "ago". */
function checkpointLine({ checkpoint, isOver }: RunSnapshot): string {
  if (checkpoint === null) return 'none yet';
  const { step, attemptNumber, publishedAt } = checkpoint;
  const ageSeconds = (Date.now() - Date.parse(publishedAt)) / 1_000;
  const when = isOver ? publishedAt : `${formatDuration(ageSeconds)} ago`;
  // Attempt 0 is the run that this one was resumed from.
  const by = attemptNumber === 0 ? 'of an earlier run' : `of attempt ${attemptNumber}`;
  return `step ${step} ${by}, ${when}`;
}

/** What the run has cost, and beside what. */
const costLines = (run: RunSnapshot): [string, string][] => [
  ['Cost', `${formatUsd(run.costUsd)} (On-Demand: ${formatUsd(run.onDemandCostUsd)})`],
];

/** `Loss        2.31`; without the lines that have nothing to say. */
function labelled(lines: readonly (readonly [string, string])[]): string[] {
  return lines
    .filter(([, text]) => text !== '')
    .map(([name, text]) => `${name.padEnd(10)}  ${text}`);
}

/** One row per attempt; how it ended is cut to what is left of the line. */
export function attemptsTable(
  attempts: readonly AttemptLine[],
  view: TextView = textView(),
): string {
  const header = [
    '#',
    'INSTANCE',
    'TYPE',
    'ZONE',
    'PURCHASE',
    'STEPS',
    'ENDED',
    'EXIT',
    'SECONDS',
    'COST',
  ];
  const rows = attempts.map((attempt) => [
    String(attempt.number),
    attempt.instanceId ?? '-',
    attempt.instanceType ?? '-',
    attempt.zone ?? '-',
    attempt.purchase ?? '-',
    stepsText(attempt),
    attempt.outcome ?? '(goes on)',
    attempt.signal ?? attempt.exitCode?.toString() ?? '-',
    String(secondsOf(attempt)),
    formatUsd(attempt.costUsd),
  ]);
  const widths = formatTable(header, rows)
    .split('\n')
    .map(({ length }) => length);
  const room = Math.max(view.width - Math.max(...widths) - 2, messageWidthMin);
  return formatTable(
    [...header, 'HOW'],
    rows.map((row, index) => [...row, cutTo(howItEnded(attempts[index]), room)]),
  );
}

/** What goes on now stands at the top already. */
const howItEnded = (attempt: AttemptLine | undefined): string =>
  attempt === undefined || attempt.outcome === null ? '' : attempt.message;

function stepsText({ fromStep, toStep }: AttemptLine): string {
  return toStep === null ? '-' : `${fromStep ?? 0}-${toStep}`;
}

/** From the attempt's start to its end, or until now. */
function secondsOf({ startedAt, endedAt }: AttemptLine): number {
  const end = endedAt === null ? Date.now() : Date.parse(endedAt);
  return Math.round((end - Date.parse(startedAt)) / 1_000);
}
