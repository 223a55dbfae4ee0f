import { createHash, randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { create } from 'tar';
import type { OnInstance, StartInput, WatchVerdict } from '../../activities/contract';
import { storeCode } from '../../aws/code-store';
import { listLog, readLogPiece } from '../../aws/log-store';
import { packSupervisor } from '../../aws/supervisor-package';
import type { Checkpoint } from '../../domain/checkpoint';
import type { LaunchedInstance } from '../../domain/instance';
import type { StagedCode } from '../../domain/run-spec';
import { type ActivityLab, startActivityLab } from '../support/activity-lab';
import { plainStart } from '../support/small-spec';
import { until } from '../support/local-cloud';

let lab: ActivityLab;
let code: StagedCode;
let runId: string;

beforeAll(async () => {
  lab = await startActivityLab(await packSupervisor());
  const archive = await packFolder(join(__dirname, '../../examples/char-lm'));
  const sha256 = createHash('sha256').update(archive).digest('hex');
  code = await storeCode(lab.cloud, sha256, archive);
});
afterAll(() => lab.close());
beforeEach(() => {
  runId = `r-${randomUUID()}`;
});
afterEach(() => lab.local.admin('POST', 'terminate-all'));

async function packFolder(folder: string): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  const names = (await readdir(folder)).filter((name) => !name.startsWith('__'));
  for await (const chunk of create({ gzip: true, cwd: folder, portable: true }, names)) {
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks);
}

interface Placed extends OnInstance {
  readonly instance: LaunchedInstance;
}

/** The first half of an attempt: place, launch, await. */
async function launchReady(attemptNumber: number): Promise<Placed> {
  const { activities } = lab;
  const reply = await lab.run(() =>
    activities.launchInstance({
      runId,
      attemptNumber,
      capacity: {
        kind: 'launch',
        instanceTypes: ['g5.xlarge'],
        zones: [],
        purchase: 'spot',
        fallback: 'none',
        spotMaxPriceUsdPerHour: null,
      },
      purchase: 'spot',
      avoidPools: [],
      metadataHopLimit: 1,
    }),
  );
  if (reply.kind !== 'launched') throw new Error(JSON.stringify(reply));
  const { instanceId } = reply.instance;
  const on = { runId, attemptNumber, instanceId };
  await lab.runUntilDone(() => activities.awaitInstanceReady(on));
  return { ...on, instance: reply.instance };
}

const startInput = (
  on: OnInstance,
  resumeFrom: Checkpoint | null,
  args: readonly string[],
): StartInput => ({
  ...{ runId: on.runId, attemptNumber: on.attemptNumber, instanceId: on.instanceId },
  code,
  script: 'train.py',
  scriptArgs: args,
  ...plainStart,
  resumeFrom,
  checkpoints: { keepLast: 3, strictResume: true, saveTimeoutSeconds: 20 },
  isOurs: true,
});

const release = ({ runId: run, attemptNumber, instance }: Placed) =>
  lab.run(() => lab.activities.releaseInstance({ runId: run, attemptNumber, instance }));

const endOf = (verdict: WatchVerdict) => {
  if (verdict.kind !== 'trainer-ended') throw new Error(JSON.stringify(verdict));
  return verdict;
};

test('an attempt trains, is saved and stopped, and the next one resumes to the end', async () => {
  const { activities } = lab;
  expect(await lab.run(() => activities.pickResumePoint({ runId, attemptNumber: 1 }))).toBeNull();
  const first = await launchReady(1);
  // It goes on for as long as the test needs.
  const slow = ['--steps', '100000', '--checkpoint-every', '20', '--step-seconds', '0.02'];
  const start = startInput(first, null, slow);
  expect(await lab.run(() => activities.startTraining(start))).toEqual({ kind: 'started' });
  // Asked again, as after an answer that was lost: the same training, not a second one.
  expect(await lab.run(() => activities.startTraining(start))).toEqual({ kind: 'started' });

  await until('a checkpoint is published', async () => {
    const watched: unknown = await lab
      .run(() => activities.watchTraining(first))
      .catch((error: unknown) => error);
    expect(watched).toMatchObject({ type: 'StillTraining', category: 'BENIGN' });
    return /step \d+\/100000, loss [\d.]+.*, checkpoint \d+/.test((watched as Error).message);
  });

  const stop = {
    ...{ runId, attemptNumber: 1, instanceId: first.instanceId },
    mode: 'save-and-stop',
    reason: 'interruption',
    saveTimeoutSeconds: 20,
  } as const;
  const saved = await lab.run(() => activities.saveCheckpoint(stop));
  expect(saved).toMatchObject({ kind: 'saved', result: { stopCause: 'interruption' } });
  expect(await lab.run(() => activities.saveCheckpoint(stop))).toEqual(saved);

  const cleaned = await lab.run(() => activities.cleanUpTraining(first));
  expect(cleaned.removed).toContain('checkpoints');
  const cleanedAgain = await lab.run(() => activities.cleanUpTraining(first));
  expect(cleanedAgain.removed).not.toContain('checkpoints');
  expect((await release(first)).instances).toMatchObject([{ attemptNumber: 1 }]);

  const resumeFrom = await lab.run(() => activities.pickResumePoint({ runId, attemptNumber: 2 }));
  if (saved.kind !== 'saved' || resumeFrom === null) throw new Error('no checkpoint');
  expect(resumeFrom.step).toBe(saved.checkpoint?.step);

  const second = await launchReady(2);
  const lastStep = resumeFrom.step + 200;
  const fast = ['--steps', String(lastStep), '--checkpoint-every', '100'];
  await lab.run(() => activities.startTraining(startInput(second, resumeFrom, fast)));
  const { result } = await lab.runUntilDone(() =>
    activities.watchTraining({ ...second, resumeStep: resumeFrom.step, strictResume: true }),
  );
  const ended = endOf(result);
  expect(ended.result).toMatchObject({ exitCode: 0, stopCause: 'own-accord' });
  expect(ended.firstStep).toBeGreaterThanOrEqual(resumeFrom.step);
  expect(ended.lastStep).toBe(lastStep);

  let log = '';
  for (const { key } of await listLog(lab.cloud, runId, 2)) {
    log += new TextDecoder().decode((await readLogPiece(lab.cloud, key)) ?? undefined);
  }
  expect(log).toContain('loss');

  await lab.run(() => activities.cleanUpTraining(second));
  await release(second);
  const reply = await lab.run(() =>
    activities.releaseRun({
      runId,
      existingInstanceId: null,
      wasCutOff: false,
      keepLastCheckpoints: 1,
    }),
  );
  expect(reply.instances.map((each) => each.attemptNumber).sort()).toEqual([1, 2]);
  expect(reply.checkpoint).toMatchObject({ step: lastStep, attemptNumber: 2 });
}, 90_000);

test('silence of SSM is no verdict; the end of the instance is', async () => {
  const { activities } = lab;
  await lab.run(() => activities.pickResumePoint({ runId, attemptNumber: 1 }));
  const placed = await launchReady(1);
  const args = ['--steps', '5000', '--step-seconds', '0.05'];
  await lab.run(() => activities.startTraining(startInput(placed, null, args)));
  await lab.local.admin('POST', `instances/${placed.instanceId}/ssm`, { silent: true });
  await expect(lab.run(() => activities.watchTraining(placed))).rejects.toMatchObject({
    category: 'BENIGN',
    message: expect.stringContaining('SSM silent since') as string,
  });
  await lab.local.admin('POST', `instances/${placed.instanceId}/kill`);
  const { result } = await lab.runUntilDone(() => activities.watchTraining(placed));
  expect(result).toMatchObject({ kind: 'instance-gone' });
  await release(placed);
}, 90_000);

test('a second training on an instance is refused, and a script that fails says how', async () => {
  const { activities } = lab;
  await lab.run(() => activities.pickResumePoint({ runId, attemptNumber: 1 }));
  const placed = await launchReady(1);
  const args = ['--steps', '5000', '--step-seconds', '0.05'];
  await lab.run(() => activities.startTraining(startInput(placed, null, args)));
  const other = { ...startInput(placed, null, args), runId: `${runId}-other` };
  expect(await lab.run(() => activities.startTraining(other))).toMatchObject({
    kind: 'already-running',
    runId,
  });
  expect(
    await lab.run(() => activities.cleanUpTraining({ ...placed, runId: other.runId })),
  ).toEqual({ removed: [] });
  const force = {
    ...{ runId, attemptNumber: 1, instanceId: placed.instanceId },
    mode: 'force-stop',
    reason: 'stop',
    saveTimeoutSeconds: 5,
  } as const;
  await lab.run(() => activities.saveCheckpoint(force));
  const { result } = await lab.runUntilDone(() => activities.watchTraining(placed));
  expect(endOf(result).result).toMatchObject({ stopCause: 'force-stop' });
  await lab.run(() => activities.cleanUpTraining(placed));

  const bad = startInput({ ...placed, attemptNumber: 2 }, null, ['--no-such-option']);
  await lab.run(() => activities.startTraining(bad));
  const failed = await lab.runUntilDone(() =>
    activities.watchTraining({ ...placed, attemptNumber: 2 }),
  );
  expect(endOf(failed.result).result).toMatchObject({ exitCode: 2 });
  expect(endOf(failed.result).result.lastLogLines).toContain('--no-such-option');
}, 90_000);
