import { formatCost, formatDuration, formatLoss, formatUsd, whyFree } from '../../domain/format';
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

/** What an hour costs now, what the run has cost, and beside what. */
function costLines(run: RunSnapshot): [string, string][] {
  if (run.attempts.length > 0 && run.attempts.every(({ isOnOwnInstance }) => isOnOwnInstance)) {
    return [['Cost', 'the instance is yours, and costs what it costs: runctl resources list']];
  }
  const estimate = run.isCostEstimated ? ' so far, an estimate until the instance is released' : '';
  return [
    ['Price', priceText(run)],
    ['Cost', `${formatCost(run.costUsd, run.onDemandCostUsd)}${estimate}`],
    ['', tableText(run)],
  ];
}

/** That prices are not those of today, but of the table that runctl brings along; '' where none is. */
function tableText({ attempts }: RunSnapshot): string {
  const sources = attempts.flatMap((attempt) => [attempt.priceSource, attempt.onDemandPriceSource]);
  const tables = new Set(sources.filter((source) => source?.startsWith('table of') === true));
  if (tables.size === 0) return '';
  return `counted with list prices of runctl's ${[...tables].join(', ')}: the Pricing API did not tell`;
}

/** `$0.3600/h now (spot-price-history), $0.3512 at launch; On-Demand $1.0060 (pricing-api)`; '' when nothing runs. */
function priceText({ attempts, pricePerHourUsd }: RunSnapshot): string {
  const current = attempts.at(-1);
  if (pricePerHourUsd === null || current === undefined) return '';
  const { pricePerHourAtLaunchUsd: atLaunch, onDemandPricePerHourUsd: onDemand } = current;
  const from = (source: string | null): string => (source === null ? '' : ` (${source})`);
  const before =
    atLaunch === null || atLaunch === pricePerHourUsd ? '' : `, ${formatUsd(atLaunch)} at launch`;
  const beside =
    current.purchase === 'on-demand' || onDemand === null
      ? ''
      : `; On-Demand ${formatUsd(onDemand)}${from(current.onDemandPriceSource)}`;
  return `${formatUsd(pricePerHourUsd)}/h now${from(current.priceSource)}${before}${beside}`;
}

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
    'BILLED',
    '$/HOUR',
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
    attempt.isOnOwnInstance ? '-' : `${attempt.billedSeconds} s`,
    attempt.pricePerHourUsd === null ? '-' : attempt.pricePerHourUsd.toFixed(4),
    costText(attempt),
  ]);
  const widths = formatTable(header, rows)
    .split('\n')
    .map(({ length }) => length);
  const room = Math.max(view.width - Math.max(...widths) - 2, messageWidthMin);
  const table = formatTable(
    [...header, 'HOW'],
    rows.map((row, index) => [...row, cutTo(howItEnded(attempts[index]), room)]),
  );
  return [table, ...freeLines(attempts)].join('\n');
}

/** `Free: attempt 2, 5 (it never ran)` */
function freeLines(attempts: readonly AttemptLine[]): string[] {
  const free = attempts.filter(({ freeBecause }) => freeBecause !== null);
  const reasons = new Set(free.flatMap(({ freeBecause }) => freeBecause ?? []));
  return [...reasons].map((reason) => {
    const numbers = free.filter(({ freeBecause }) => freeBecause === reason);
    return `Free: attempt ${numbers.map(({ number }) => number).join(', ')} (${whyFree[reason]})`;
  });
}

/** What goes on now stands at the top already. */
const howItEnded = (attempt: AttemptLine | undefined): string =>
  attempt === undefined || attempt.outcome === null ? '' : attempt.message;

function stepsText({ fromStep, toStep }: AttemptLine): string {
  return toStep === null ? '-' : `${fromStep ?? 0}-${toStep}`;
}

function costText(attempt: AttemptLine): string {
  const { costUsd, isCostEstimated, freeBecause } = attempt;
  if (attempt.isOnOwnInstance) return 'yours';
  if (freeBecause !== null) return 'free';
  return `${isCostEstimated ? '~' : ''}${formatUsd(costUsd)}`;
}
