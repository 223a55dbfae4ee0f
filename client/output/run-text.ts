import { formatCheckpoint, formatUsd } from '../../domain/format';
import type { AttemptLine, RunSnapshot } from '../runs/run-snapshot';
import { progressText } from './progress-text';
import { formatTable } from './table';

/** A run for people: what it does, its attempts, its cost. */
export function runText(run: RunSnapshot): string {
  const { failure } = run;
  return [
    `Run ${run.runId}: ${run.isOver ? run.state : progressText(run)}`,
    ...messageLines(run),
    ...(failure === null ? [] : [`  why ended  ${failure.code}`, `  next       ${failure.next}`]),
    ...run.warnings.map((warning) => `  warning: ${warning}`),
    '',
    ...(run.attempts.length === 0 ? ['No attempt has ended yet.'] : [attemptsTable(run.attempts)]),
    '',
    `Checkpoint  ${formatCheckpoint(run.checkpoint)}`,
    `Cost        ${formatUsd(run.costUsd)} (On-Demand: ${formatUsd(run.onDemandCostUsd)})`,
  ].join('\n');
}

/** Indented below the headline, except for the four ways on, which are the same text everywhere. */
function messageLines({ message, failure }: RunSnapshot): string[] {
  if (message === '') return [];
  if (failure?.code === 'already-running') return [message];
  return [`  ${message.replaceAll('\n', '\n  ')}`];
}

/** With the other columns it still fits a wide terminal. */
const messageColumns = 80;

/** One row per attempt. */
export function attemptsTable(attempts: readonly AttemptLine[]): string {
  return formatTable(
    [
      ...['#', 'INSTANCE', 'TYPE', 'ZONE', 'PURCHASE', 'STEPS', 'ENDED', 'EXIT', 'SECONDS', 'COST'],
      'HOW IT ENDED',
    ],
    attempts.map((attempt) => [
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
      attempt.outcome === null ? '' : shortened(attempt.message),
    ]),
  );
}

/** A cell of one line; the JSON document has the whole. */
function shortened(message: string): string {
  const line = message.replaceAll(/\s+/g, ' ');
  return line.length <= messageColumns ? line : `${line.slice(0, messageColumns - 1)}…`;
}

function stepsText({ fromStep, toStep }: AttemptLine): string {
  return toStep === null ? '-' : `${fromStep ?? 0}-${toStep}`;
}

/** From the attempt's start to its end, or until now. */
function secondsOf({ startedAt, endedAt }: AttemptLine): number {
  const end = endedAt === null ? Date.now() : Date.parse(endedAt);
  return Math.round((end - Date.parse(startedAt)) / 1_000);
}
