import { parseArgs } from 'node:util';
import { playTogether } from '../test/e2e/support/together';
import { phases, planStorm, type Batch } from './storm/plan';
import { playBatch, type Seen } from './storm/play';

/**
 * Disturbs runs in every phase, before and after a first interruption, in every way that a person, the cloud or a crash
 * can, and looks whether each goes on, or ends with nothing left. The seed is the scenario: the same seed, the same plan.
 *
 *     npm run build && npx tsx bench/storm.ts --seed 7 [--batches 8] [--phase saving] [--at-once 2] [--plan]
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string' },
      batches: { type: 'string' },
      phase: { type: 'string' },
      crash: { type: 'string' },
      'at-once': { type: 'string', default: '1' },
      plan: { type: 'boolean', default: false },
    },
  });
  const seed = Number(values.seed ?? Date.now() % 1_000_000);
  if (values.phase !== undefined && !(phases as readonly string[]).includes(values.phase)) {
    throw new Error(`--phase: expected one of ${phases.join(', ')}, got "${values.phase}"`);
  }
  const batches = planStorm(seed)
    .filter(({ phase }) => values.phase === undefined || phase === values.phase)
    .filter(({ crash }) => values.crash === undefined || (crash ?? 'none') === values.crash)
    .slice(0, Number(values.batches ?? Number.MAX_SAFE_INTEGER));
  console.log(`seed ${seed}: ${batches.length} batches`);
  if (values.plan) {
    for (const batch of batches) console.log(titleOf(batch));
    return;
  }
  const ends = playTogether(batches, Number(values['at-once']), async (batch) => {
    const seen = await playBatch(batch);
    print(batch, seen);
    return seen;
  });
  const played = await Promise.allSettled(ends);
  for (const [at, end] of played.entries()) {
    const batch = batches[at];
    if (end.status === 'rejected' && batch !== undefined) {
      console.log(`NOT PLAYED  ${titleOf(batch)}\n            ${String(end.reason)}`);
    }
  }
  const seen = played.flatMap((end) => (end.status === 'fulfilled' ? end.value : []));
  const broken = seen.filter((run) => run.broken.length > 0);
  const notPlayed = played.filter(({ status }) => status === 'rejected').length;
  console.log(
    `\n${seen.length} runs, ${broken.length} broken, ${notPlayed} batches not played (seed ${seed})`,
  );
  process.exitCode = broken.length + notPlayed === 0 ? 0 : 1;
}

const titleOf = ({ phase, isAfterInterruption, crash, doings }: Batch): string =>
  `${phase}, ${isAfterInterruption ? 'after an interruption' : 'first attempt'}: ` +
  (crash === null ? `${doings.length} doings` : `kill -9 of ${crash}`);

function print(batch: Batch, seen: readonly Seen[]): void {
  console.log(`\n${titleOf(batch)}`);
  for (const { doing, state, outcomes, broken, runId } of seen) {
    const verdict = broken.length === 0 ? 'good  ' : 'BROKEN';
    console.log(`  ${verdict} ${doing.padEnd(30)} ${state.padEnd(10)} ${outcomes}`);
    for (const line of broken) console.log(`         ${runId}: ${line}`);
  }
}

void main();
