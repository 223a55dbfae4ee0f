import { parseArgs } from 'node:util';
import { formatTable } from '../client/output/table';
import { describePlan, planBills, type PlannedRun } from '../test/e2e/support/bill-plan';
import { agrees, playBill, type ComparedSum, type PlayedBill } from '../test/e2e/support/bill-play';
import { Stack } from '../test/e2e/support/stack';
import { playTogether } from '../test/e2e/support/together';

/**
 * Plays random runs on the local cloud, with a real Temporal server, worker, SDK and processes, and lays what runctl says
 * that each instance and each run has cost beside the bill of that cloud. The seed decides types, zones, purchase options,
 * lengths, and what happens to each run:
 *
 *     npm run build && npx tsx bench/bill.ts [--seed 1] [--runs 100] [--at-once 6] [--plan]
 *
 * Ends with 1 when a sum differs by half a cent or more, or a run could not be played.
 */
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      runs: { type: 'string', default: '100' },
      'at-once': { type: 'string', default: '6' },
      plan: { type: 'boolean', default: false },
    },
  });
  const plans = planBills(Number(values.seed), Number(values.runs), longShare);
  if (values.plan) {
    for (const plan of plans) console.log(`${plan.name}  ${describePlan(plan)}`);
    return 0;
  }
  const stack = await Stack.start();
  try {
    const ends = playTogether(plans, Number(values['at-once']), (plan) => playBill(stack, plan));
    const played = await Promise.allSettled(
      ends.map(async (end, index) => {
        const bill = await end;
        for (const sum of bill.sums.filter((each) => !agrees(each))) tell(plans[index], bill, sum);
        return bill;
      }),
    );
    for (const [index, end] of played.entries()) {
      if (end.status === 'rejected') {
        console.log(`NOT PLAYED  ${plans[index]?.name ?? ''}: ${String(end.reason)}`);
      }
    }
    return summarise(played.flatMap((end) => (end.status === 'fulfilled' ? [end.value] : [])));
  } finally {
    await stack.close();
  }
  function summarise(bills: readonly PlayedBill[]): number {
    const notPlayed = plans.length - bills.length;
    return printSummary(bills, notPlayed) && notPlayed === 0 ? 0 : 1;
  }
}

/** Of the runs so many last longer than the minute that is billed at least. */
const longShare = 0.4;

function tell(plan: PlannedRun | undefined, { run }: PlayedBill, sum: ComparedSum): void {
  const { of, toldUsd, billedUsd } = sum;
  const line = plan === undefined ? '' : describePlan(plan);
  const outcomes = run.attempts.map(
    ({ outcome, billedSeconds }) => `${outcome} ${billedSeconds} s`,
  );
  console.log(
    `DIFFERS  ${run.runId}, ${of}: told $${toldUsd.toFixed(6)}, billed $${billedUsd.toFixed(6)}` +
      `\n         ${line}; ${run.state}: ${outcomes.join(', ')}`,
  );
}

/** True when all sums agree. */
function printSummary(bills: readonly PlayedBill[], notPlayed: number): boolean {
  const instances = bills.flatMap(({ sums }) => sums.filter(({ of }) => of !== 'the run'));
  const runs = bills.flatMap(({ sums }) => sums.filter(({ of }) => of === 'the run'));
  const rows = [row('instances', instances), row('runs', runs)];
  const header = ['', 'COUNT', 'AGREE', 'TOLD', 'BILLED', 'LARGEST DIFFERENCE', 'FREE'];
  console.log(`\n${formatTable(header, rows)}`);
  const attempts = bills.flatMap(({ run }) => run.attempts);
  const longer = attempts.filter(({ billedSeconds }) => billedSeconds > leastSeconds).length;
  console.log(`\nEnds of runs:     ${countText(bills.map(({ run }) => endOf(run)))}`);
  console.log(`Ends of attempts: ${countText(attempts.map(({ outcome }) => String(outcome)))}`);
  console.log(
    `${longer} attempts were billed for more than the least, ${leastSeconds} s; ${notPlayed} runs were not played.\n` +
      'Told is costUsd of the status document, per attempt and for the run; billed is costUsd of the local cloud\n' +
      '(GET /_local/status), after the end of the run and of its last attempt. A sum agrees below half a cent.',
  );
  return [...instances, ...runs].every(agrees);
}

const leastSeconds = 60;

const endOf = ({ state, failure }: PlayedBill['run']): string =>
  failure === null ? state : `${state} (${failure.code})`;

function row(name: string, sums: readonly ComparedSum[]): string[] {
  const total = (of: (sum: ComparedSum) => number): string =>
    `$${sums.reduce((all, sum) => all + of(sum), 0).toFixed(4)}`;
  const differences = sums.map(({ toldUsd, billedUsd }) => Math.abs(toldUsd - billedUsd));
  return [
    name,
    String(sums.length),
    String(sums.filter(agrees).length),
    total(({ toldUsd }) => toldUsd),
    total(({ billedUsd }) => billedUsd),
    `$${Math.max(0, ...differences).toFixed(6)}`,
    String(sums.filter(({ billedUsd }) => billedUsd === 0).length),
  ];
}

/** `3 completed, 1 stopped` */
function countText(words: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].map(([word, count]) => `${count} ${word}`).join(', ');
}

void main().then((code) => {
  process.exitCode = code;
});
