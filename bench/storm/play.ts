import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LocalCloudAdmin } from '../../client/local-cloud/admin-client';
import type { RunSnapshot } from '../../client';
import { Stack } from '../../test/e2e/support/stack';
import { disturb } from './disturb';
import { examineRun } from './examine';
import { hold, isBeforeTraining, shownAs } from './hold';
import { doings, type Batch, type DoingName } from './plan';
import { gatedScript } from './script';

/** What was seen of one run. */
export interface Seen {
  readonly runId: string;
  readonly doing: string;
  readonly state: string;
  readonly outcomes: string;
  /** What does not hold of what was promised. */
  readonly broken: readonly string[];
}

interface Run {
  readonly runId: string;
  readonly doing: DoingName;
}

interface World {
  readonly stack: Stack;
  readonly admin: LocalCloudAdmin;
  readonly batch: Batch;
  /** Undo functions of what was started again. */
  readonly restarted: (() => void)[];
}

const slowSaveSeconds = 15;
const enoughSteps = 3;
const interruptionSeconds = 60;
const settleMs = 30_000;
const settlePollMs = 500;

/** Plays one batch in a world of its own, and tells what was seen of each run. */
export async function playBatch(batch: Batch): Promise<readonly Seen[]> {
  const stack = await Stack.start();
  const { awsEndpointUrl, secretAccessKey } = stack.up;
  const world: World = {
    stack,
    admin: new LocalCloudAdmin(awsEndpointUrl, secretAccessKey),
    batch,
    restarted: [],
  };
  try {
    return await playIn(world);
  } finally {
    // The newest first: a worker needs its server for its end.
    for (const undo of world.restarted.toReversed()) undo();
    await stack.close();
  }
}

async function playIn(world: World): Promise<readonly Seen[]> {
  const { stack, admin, batch } = world;
  const script = gatedScript(stack, batch.phase === 'saving' ? slowSaveSeconds : 0);
  if (!batch.isAfterInterruption && isBeforeTraining(batch.phase)) await hold(admin, batch.phase);
  const runs = await Promise.all(
    batch.doings.map(async (doing): Promise<Run> => {
      const name = `${batch.phase} ${doing}`.replaceAll(/[^a-zA-Z0-9]+/g, '-');
      return { runId: await stack.train(name, script), doing };
    }),
  );
  await bringToPhase(world, runs);
  await sleep(batch.pauseMs);
  const held = new Map<string, RunSnapshot>();
  for (const { runId } of runs) held.set(runId, await stack.client.status(runId));
  const problems = batch.crash === null ? await disturbAll(world, runs, held) : await crash(world);
  await admin.removeFaults();
  await goOn(world, runs);
  writeFileSync(script.gate, '');
  return Promise.all(runs.map((run) => examine(world, run, problems.get(run.runId))));
}

/** All runs into the phase, after a first interruption if the batch wants one. */
async function bringToPhase({ stack, admin, batch }: World, runs: readonly Run[]): Promise<void> {
  const { phase, isAfterInterruption } = batch;
  const attempt = isAfterInterruption ? 2 : 1;
  const reach = (wanted: string, number: number): Promise<unknown> =>
    Promise.all(
      runs.map(({ runId }) =>
        stack.reaches(
          runId,
          `attempt ${number} ${wanted}`,
          ({ state, attempts }) =>
            state === wanted &&
            attempts.at(-1)?.number === number &&
            hasWhatItNeeds(phase, attempts),
        ),
      ),
    );
  const train = (number: number): Promise<string[]> =>
    Promise.all(runs.map(({ runId }) => stack.training(runId, number, enoughSteps)));
  const interrupt = async (number: number): Promise<void> => {
    for (const id of await train(number)) await admin.interrupt(id, interruptionSeconds);
  };
  if (isAfterInterruption && isBeforeTraining(phase)) {
    await hold(admin, 'releasing');
    await interrupt(1);
    await reach('releasing', 1);
    await hold(admin, phase);
  } else if (isAfterInterruption) {
    await interrupt(1);
    await train(2);
  }
  if (phase === 'training') await train(attempt);
  if (phase === 'releasing') await hold(admin, 'releasing');
  if (phase === 'saving' || phase === 'releasing') {
    const ids = await train(attempt);
    await Promise.all(
      runs.map(({ runId }, at) => stack.client.interrupt(runId, { instanceId: ids[at] ?? '' })),
    );
  }
  await reach(shownAs[phase], attempt);
}

/** Booting and starting are both shown as preparing: what tells them apart is time, which the hold gives. */
const hasWhatItNeeds = (phase: Batch['phase'], attempts: RunSnapshot['attempts']): boolean =>
  !['booting', 'starting', 'training', 'saving', 'releasing'].includes(phase) ||
  attempts.at(-1)?.instanceId != null;

async function disturbAll(
  world: World,
  runs: readonly Run[],
  held: ReadonlyMap<string, RunSnapshot>,
): Promise<Map<string, string>> {
  const problems = new Map<string, string>();
  await Promise.all(
    runs.map(async ({ runId, doing }) => {
      const instanceId = held.get(runId)?.attempts.at(-1)?.instanceId ?? null;
      await disturb(world, world.batch, { runId, instanceId }, doing).catch((error: unknown) => {
        problems.set(runId, error instanceof Error ? error.message : String(error));
      });
    }),
  );
  return problems;
}

async function crash({ stack, batch, restarted }: World): Promise<Map<string, string>> {
  if (batch.crash === 'worker') {
    await stack.kill('worker');
    stack.startWorker();
  } else if (batch.crash !== null) {
    restarted.push(await stack.restart(batch.crash));
  }
  return new Map();
}

/** Those that are to complete show first that they train on; then the gate may open. */
async function goOn({ stack, batch }: World, runs: readonly Run[]): Promise<void> {
  await Promise.all(
    runs
      .filter(({ doing }) => batch.crash !== null || doings[doing] === 'completed')
      .map(({ runId }) =>
        stack
          .reaches(runId, 'training again', ({ state, progress }) => {
            return state === 'training' && progress !== null;
          })
          .catch(() => undefined),
      ),
  );
}

async function examine(
  { stack, batch }: World,
  { runId, doing }: Run,
  problem: string | undefined,
): Promise<Seen> {
  const wanted = batch.crash === null ? doings[doing] : 'completed';
  try {
    const run = await stack.ended(runId);
    await stack.childIsOver(runId);
    const broken = await findBroken(stack, run);
    return {
      runId,
      doing: batch.crash === null ? doing : `kill -9 of ${batch.crash}`,
      state: run.state,
      outcomes: run.attempts.map(({ outcome }) => outcome ?? 'none').join(', '),
      broken: [
        ...(problem === undefined ? [] : [problem]),
        ...(run.state === wanted ? [] : [`expected ${wanted}: ${run.message}`]),
        ...broken,
      ],
    };
  } catch (error) {
    const { state, message, attempts } = await stack.client.status(runId);
    return {
      runId,
      doing,
      state,
      outcomes: attempts.map(({ outcome }) => outcome ?? 'none').join(', '),
      broken: [String(error), message],
    };
  }
}

/** What was just released shuts down for a moment. */
async function findBroken(stack: Stack, run: RunSnapshot): Promise<readonly string[]> {
  const deadlineMs = Date.now() + settleMs;
  for (;;) {
    const broken = examineRun(run, await stack.localStatus(), stack.folder);
    if (broken.length === 0 || Date.now() > deadlineMs) return broken;
    await sleep(settlePollMs);
  }
}
