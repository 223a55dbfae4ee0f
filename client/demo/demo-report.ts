import { formatCost } from '../../domain/format';
import { attemptsTable } from '../output/run-text';
import type { AttemptLine, RunSnapshot } from '../runs/run-snapshot';
import { countLeftovers, type Leftovers } from './leftovers';

/** The document of `runctl demo --output json`. */
export interface DemoReport {
  readonly runId: string;
  readonly attempts: readonly AttemptLine[];
  readonly finalModelSha256: string | null;
  readonly uninterruptedModelSha256: string;
  readonly costUsd: number;
  readonly onDemandCostUsd: number;
  readonly savedUsd: number;
  readonly leftovers: Leftovers;
  /** What was promised and did not hold, as sentences; empty is success. */
  readonly brokenPromises: readonly string[];
}

const expectedOutcomes = ['interrupted', 'instance-lost', 'completed'];

/** Holds what was seen against what the demo promises. */
export function judgeDemo(
  run: RunSnapshot,
  facts: Pick<DemoReport, 'finalModelSha256' | 'uninterruptedModelSha256' | 'leftovers'>,
): DemoReport {
  const outcomes = run.attempts.map(({ outcome }) => outcome);
  const broken: string[] = [];
  if (run.state !== 'completed') broken.push(`the run ended ${run.state}: ${run.message}`);
  if (outcomes.join() !== expectedOutcomes.join()) {
    broken.push(`the attempts ended ${outcomes.join(', ')}, not ${expectedOutcomes.join(', ')}`);
  }
  if (facts.finalModelSha256 !== facts.uninterruptedModelSha256) {
    broken.push('the final model differs from that of an uninterrupted run');
  }
  if (countLeftovers(facts.leftovers) > 0) broken.push('something is left');
  const { runId, attempts, costUsd, onDemandCostUsd, savedUsd } = run;
  return { runId, attempts, costUsd, onDemandCostUsd, savedUsd, ...facts, brokenPromises: broken };
}

/** The end of the demo, for people. */
export function demoText(report: DemoReport): string {
  return [
    attemptsTable(report.attempts),
    '',
    `Final model          sha256 ${report.finalModelSha256 ?? 'none'}`,
    `Uninterrupted model  sha256 ${report.uninterruptedModelSha256}`,
    report.finalModelSha256 === report.uninterruptedModelSha256
      ? '                     bit-identical'
      : '                     DIFFERENT',
    `Cost                 ${formatCost(report.costUsd, report.onDemandCostUsd)}`,
    ...leftoverLines(report.leftovers),
    ...report.brokenPromises.map((sentence) => `BROKEN PROMISE       ${sentence}`),
  ].join('\n');
}

function leftoverLines(leftovers: Leftovers): string[] {
  const names: Record<keyof Leftovers, string> = {
    instances: 'instances',
    spotRequests: 'Spot requests',
    processes: 'processes',
    pidFiles: 'PID files',
    locks: 'locks',
  };
  // The keys of the record are those of the leftovers.
  const kinds = Object.keys(names) as (keyof Leftovers)[];
  if (countLeftovers(leftovers) === 0) {
    const list = kinds.map((kind) => `0 ${names[kind]}`).join(', ');
    return [`Left behind          nothing: ${list}`];
  }
  return kinds.flatMap((kind) =>
    leftovers[kind].map((name) => `LEFT BEHIND          ${names[kind]}: ${name}`),
  );
}
