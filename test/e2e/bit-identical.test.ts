import { copyFileSync } from 'node:fs';
import path from 'node:path';
import type { RunSnapshot } from '../../client';
import type { trainingRun } from '../../workflows/training-run';
import { seededRandom } from '../support/seeded-random';
import { writeScript } from './support/scripts';
import { Stack } from './support/stack';
import { playTogether } from './support/together';
import { trainAlone } from './support/train-alone';

/**
 * The promise of the whole product: however often the capacity is taken away, the final model is the one that an
 * uninterrupted run gives. A failed run names its seed; RUNCTL_TEST_SEED replays the same storm.
 */
const seed = Number(process.env['RUNCTL_TEST_SEED'] ?? Date.now() % 1_000_000);
const totalSteps = 240;
const example = path.resolve(__dirname, '../../examples/char-lm');
const scriptArgs = ['--steps', String(totalSteps), '--checkpoint-every', '10'];

interface Story {
  readonly interruptionCount: number;
  readonly notice: 'with' | 'without' | 'with and without';
}

const stories: readonly Story[] = [
  { interruptionCount: 10, notice: 'with and without' },
  { interruptionCount: 0, notice: 'with' },
  { interruptionCount: 1, notice: 'with' },
  { interruptionCount: 1, notice: 'without' },
  { interruptionCount: 2, notice: 'with and without' },
];

/**
 * The example, a step a second in the attempts that are to be interrupted, and as fast as it can in the last one: however
 * long a disturbance takes to arrive, there are steps left.
 */
const paced = [
  'import os, runpy, sys',
  'is_slow = int(os.environ["RUNCTL_ATTEMPT"]) <= int(sys.argv.pop(1))',
  'sys.argv += ["--step-seconds", "1" if is_slow else "0"]',
  'runpy.run_path("char_lm.py", run_name="__main__")',
];

interface InstanceFacts {
  readonly instanceId: string | null;
  readonly instanceType: string | null;
  readonly zone: string | null;
  readonly purchase: string | null;
}

let stack: Stack;
let script: string;
let uninterrupted: string;
let ends: readonly Promise<string>[];

beforeAll(async () => {
  uninterrupted = trainAlone(totalSteps, scriptArgs);
  stack = await Stack.start();
  script = writeScript(stack, 'paced', ...paced);
  const folder = path.dirname(script);
  copyFileSync(path.join(example, 'train.py'), path.join(folder, 'char_lm.py'));
  copyFileSync(path.join(example, 'sonnets.txt'), path.join(folder, 'sonnets.txt'));
  ends = playTogether(stories, 3, play);
}, 60_000);

afterAll(() => stack.close(), 60_000);

test.each(stories.map((story, index) => ({ ...story, index })))(
  `the final model is bit-identical after $interruptionCount interruptions $notice notice (seed ${seed})`,
  async ({ interruptionCount, index }) => {
    const runId = (await ends[index]) ?? '';
    const run = await stack.client.status(runId);
    expect(run.state).toBe('completed');
    expect(run.attempts).toHaveLength(interruptionCount + 1);
    expect(run.attempts.map(({ outcome }) => outcome)).not.toContain('trainer-failed');
    expect(run.checkpoint?.step).toBe(totalSteps);
    expect(await stack.checkpointFileSha256(runId, 'model.json')).toBe(uninterrupted);
    expect(await stack.liveInstances(runId)).toEqual([]);
  },
  900_000,
);

test.each(stories.map((story, index) => ({ ...story, index })))(
  `result, status and the cloud agree on each attempt of $interruptionCount interruptions $notice notice (seed ${seed})`,
  async ({ index }) => {
    const runId = (await ends[index]) ?? '';
    const told = await stack.runctlJson<RunSnapshot>(['aws', 'status', runId]);
    const handle = stack.client.temporal.workflow.getHandle<typeof trainingRun>(`run/${runId}`);
    expect(await handle.result()).toMatchObject({
      state: told.state,
      costUsd: told.costUsd,
      attempts: told.attempts.map(({ number, outcome, fromStep, toStep, costUsd, instanceId }) => ({
        ...{ number, outcome, fromStep, toStep, costUsd },
        instance: { instanceId },
      })),
    });

    const { instances } = await stack.localStatus();
    const own = instances.filter(({ tags }) => tags['runctl:run-id'] === runId);
    const facts = ({ instanceId, instanceType, zone, purchase }: InstanceFacts): InstanceFacts => ({
      ...{ instanceId, instanceType, zone, purchase },
    });
    expect(told.attempts.map(facts)).toEqual(own.map(facts));
    expect(own.map(({ state }) => state)).toEqual(own.map(() => 'terminated'));
    for (const [at, attempt] of told.attempts.entries()) {
      // The bill begins when the instance runs, ours with its launch: seconds apart, in dollars a tenth of a cent.
      expect(attempt.costUsd).toBeCloseTo(own[at]?.costUsd ?? NaN, 3);
      const resumedFrom = at === 0 ? 0 : (told.attempts[at - 1]?.toStep ?? 0);
      // A sudden death loses what was not published; nothing is ever skipped.
      expect(attempt.fromStep ?? 0).toBeLessThanOrEqual(resumedFrom + 1);
    }
    const sum = told.attempts.reduce((total, { costUsd }) => total + costUsd, 0);
    expect(told.costUsd).toBeCloseTo(sum, 6);
    expect(told.onDemandCostUsd).toBeGreaterThan(told.costUsd);
  },
  900_000,
);

/** Trains with the interruptions of the story, and returns the run's id when it is over. */
async function play({ interruptionCount, notice }: Story): Promise<string> {
  const random = seededRandom(seed + interruptionCount);
  const runId = await stack.train(`bits-${interruptionCount}-${notice.replaceAll(' ', '-')}`, {
    script,
    scriptArgs: [String(interruptionCount), ...scriptArgs],
    flags: ['--max-interruptions', '100'],
  });
  for (let number = 1; number <= interruptionCount; number += 1) {
    // A random step soon after where the attempt began, so that each later one has some left to do.
    const from = (await stack.client.status(runId)).checkpoint?.step ?? 0;
    const instanceId = await stack.training(runId, number, from + Math.floor(random() * 4));
    const hasNotice = notice === 'with' || (notice !== 'without' && random() < 0.5);
    const how = hasNotice
      ? ['interrupt', instanceId, '--notice-seconds', '8']
      : ['kill', instanceId];
    const ran = await stack.runctl(['local', ...how]);
    if (ran.exitCode !== 0) throw new Error(`${how.join(' ')}: ${ran.stderr}`);
  }
  await stack.ended(runId);
  return runId;
}
