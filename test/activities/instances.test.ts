import { randomUUID } from 'node:crypto';
import { RunInstancesCommand } from '@aws-sdk/client-ec2';
import type { LaunchInput } from '../../activities/contract';
import { awaitState } from '../../aws/instance-power';
import { launchOwn } from '../../aws/launch-own';
import type { LaunchedInstance } from '../../domain/instance';
import { IMAGE_ID } from '../local-cloud/clients';
import { type ActivityLab, startActivityLab } from '../support/activity-lab';
import { plainStart } from '../support/small-spec';

let lab: ActivityLab;
let runId: string;

beforeAll(async () => {
  // Nothing is started here, so no supervisor is delivered.
  lab = await startActivityLab({ content: new Uint8Array(), sha256: '0' });
});
afterAll(() => lab.close());
beforeEach(() => {
  runId = `r-${randomUUID()}`;
});
afterEach(async () => {
  await lab.local.admin('DELETE', 'faults');
  await lab.local.admin('POST', 'terminate-all');
});

const launchInput = (attemptNumber = 1): LaunchInput => ({
  metadataHopLimit: 1,
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
});

async function launch(attemptNumber = 1): Promise<LaunchedInstance> {
  const reply = await lab.run(() => lab.activities.launchInstance(launchInput(attemptNumber)));
  if (reply.kind !== 'launched') throw new Error(JSON.stringify(reply));
  return reply.instance;
}

const livingIds = async () =>
  (await lab.local.status()).instances
    .filter((each) => !/terminated|shutting/.test(each.state))
    .map((each) => each.instanceId);

test('an instance is launched with its prices, becomes ready, and is released with its bill', async () => {
  const instance = await launch();
  expect(instance).toMatchObject({ isOurs: true, purchase: 'spot' });
  expect(instance.pricePerHourUsd).toBeLessThan(instance.onDemandPricePerHourUsd ?? 0);

  const on = { runId, attemptNumber: 1, instanceId: instance.instanceId };
  const { result } = await lab.runUntilDone(() => lab.activities.awaitInstanceReady(on));
  expect(result).toEqual({ kind: 'ready', runningAt: expect.any(String) as string });

  const released = await lab.run(() =>
    lab.activities.releaseInstance({ runId, attemptNumber: 1, instance }),
  );
  const [row, ...others] = released.instances;
  expect(others).toEqual([]);
  expect(row).toMatchObject({ instance, attemptNumber: 1 });
  expect(row?.billedSeconds).toBe(60);
  expect(row?.costUsd).toBeCloseTo((instance.pricePerHourUsd ?? 0) / 60, 9);
  const billed = (await lab.local.status()).instances.find(
    (each) => each.instanceId === instance.instanceId,
  );
  expect(row?.costUsd).toBeCloseTo(billed?.costUsd ?? -1, 3);
  expect(await livingIds()).toEqual([]);

  const again = await lab.run(() =>
    lab.activities.releaseInstance({ runId, attemptNumber: 1, instance }),
  );
  expect(again.instances.map((each) => each.instance.instanceId)).toEqual([instance.instanceId]);
});

test('a launch that was never answered is found by its tags and released', async () => {
  await launch();
  expect(await livingIds()).toHaveLength(1);
  await lab.run(() => lab.activities.releaseInstance({ runId, attemptNumber: 1, instance: null }));
  expect(await livingIds()).toEqual([]);
});

test('a shortage is an answer, so that the workflow can decide', async () => {
  await lab.local.admin('POST', 'faults', { kind: 'capacity-shortage' });
  expect(await lab.run(() => lab.activities.launchInstance(launchInput()))).toMatchObject({
    kind: 'capacity-shortage',
    isQuota: false,
  });
});

test('a misspelt type ends the activity for good', async () => {
  const input = launchInput();
  const capacity = { ...input.capacity, kind: 'launch', instanceTypes: ['g5.xlrage'] } as const;
  const asked = { ...input, capacity } as LaunchInput;
  await expect(lab.run(() => lab.activities.launchInstance(asked))).rejects.toMatchObject({
    type: 'unknown-instance-type',
    nonRetryable: true,
  });
});

test("an existing instance is described and never released, whatever the run's tag", async () => {
  const theirs = await launch();
  const capacity = { kind: 'existing-instance', instanceId: theirs.instanceId } as const;
  const reply = await lab.run(() =>
    lab.activities.launchInstance({ ...launchInput(), runId: 'other', capacity }),
  );
  expect(reply).toMatchObject({ kind: 'launched', instance: { isOurs: false } });
  if (reply.kind !== 'launched') return;
  const { instance } = reply;
  await lab.run(() =>
    lab.activities.releaseInstance({ runId: 'other', attemptNumber: 1, instance }),
  );
  await lab.run(() =>
    lab.activities.releaseRun({
      runId: 'other',
      existingInstanceId: theirs.instanceId,
      wasCutOff: false,
      keepLastCheckpoints: 3,
    }),
  );
  expect(await livingIds()).toEqual([theirs.instanceId]);
});

test('an existing instance that does not run, or is not there, cannot be used', async () => {
  const ended = await launch();
  await lab.run(() => lab.activities.releaseInstance({ runId, attemptNumber: 1, instance: ended }));
  for (const instanceId of [ended.instanceId, 'i-0123456789abcdef0']) {
    const capacity = { kind: 'existing-instance', instanceId } as const;
    expect(
      await lab.run(() => lab.activities.launchInstance({ ...launchInput(), capacity })),
    ).toMatchObject({ kind: 'not-usable' });
  }
});

test('an instance that was taken is gone for every activity, and that is no error', async () => {
  const instance = await launch();
  const on = { runId, attemptNumber: 1, instanceId: instance.instanceId };
  await lab.local.admin('POST', `instances/${instance.instanceId}/kill`);
  const gone = { kind: 'instance-gone', gone: { code: 'Server.SpotInstanceTermination' } };
  const { activities } = lab;
  expect((await lab.runUntilDone(() => activities.awaitInstanceReady(on))).result).toMatchObject(
    gone,
  );
  expect((await lab.runUntilDone(() => activities.watchTraining(on))).result).toMatchObject(gone);
  const save = {
    ...on,
    mode: 'save-and-stop',
    reason: 'interruption',
    saveTimeoutSeconds: 5,
  } as const;
  expect(await lab.run(() => activities.saveCheckpoint(save))).toMatchObject(gone);
  expect(await lab.run(() => activities.cleanUpTraining(on))).toEqual({ removed: [] });
});

test('an instance on which nothing was started is clean, and has nothing to save', async () => {
  const { instanceId } = await launch();
  const on = { runId, attemptNumber: 1, instanceId };
  const { activities } = lab;
  await lab.runUntilDone(() => activities.awaitInstanceReady(on));
  expect(await lab.run(() => activities.cleanUpTraining(on))).toEqual({ removed: [] });
  const save = { ...on, mode: 'save', reason: 'stop', saveTimeoutSeconds: 5 } as const;
  expect(await lab.run(() => activities.saveCheckpoint(save))).toMatchObject({ checkpoint: null });
  // Just after the start the first report may not be there yet; later that is a loss.
  await expect(lab.run(() => activities.watchTraining(on))).rejects.toMatchObject({
    category: 'BENIGN',
  });
  const longAgo = { scheduledTimestampMs: Date.now() - 3_600_000 };
  expect(await lab.run(() => activities.watchTraining(on), longAgo)).toMatchObject({
    kind: 'trainer-lost',
  });
});

test('code that is not in the bucket is told before anything is sent', async () => {
  const { instanceId } = await launch();
  const before = lab.sent('SendCommand');
  const start = lab.run(() =>
    lab.activities.startTraining({
      ...{ runId, attemptNumber: 1, instanceId },
      code: { sha256: 'f'.repeat(64), sizeBytes: 10 },
      script: 'train.py',
      scriptArgs: [],
      ...plainStart,
      resumeFrom: null,
      checkpoints: { keepLast: 3, strictResume: false, saveTimeoutSeconds: 90 },
      isOurs: true,
    }),
  );
  await expect(start).rejects.toMatchObject({ type: 'code-missing', nonRetryable: true });
  expect(lab.sent('SendCommand')).toBe(before);
});

test('after a child was ended from outside, silence is no proof that the user gets a clean instance back', async () => {
  const { ec2 } = lab.cloud.clients;
  // Without a role its agent never registers.
  const reply = await ec2.send(
    new RunInstancesCommand({
      ...{ ImageId: IMAGE_ID, InstanceType: 'g5.xlarge', MinCount: 1, MaxCount: 1 },
    }),
  );
  const existingInstanceId = reply.Instances?.[0]?.InstanceId ?? '';
  await awaitState(lab.cloud, existingInstanceId, ['running']);
  const release = (wasCutOff: boolean) =>
    lab.run(() =>
      lab.activities.releaseRun({
        ...{ runId, existingInstanceId, wasCutOff, keepLastCheckpoints: 3 },
      }),
    );
  expect(await release(false)).toEqual({ instances: [], checkpoint: null });
  await expect(release(true)).rejects.toMatchObject({
    type: 'instance-not-ready',
    nonRetryable: false,
  });
});

test('the end of a run releases what any of its attempts has left', async () => {
  await launch(1);
  await launch(2);
  const reply = await lab.run(() =>
    lab.activities.releaseRun({
      runId,
      existingInstanceId: null,
      wasCutOff: false,
      keepLastCheckpoints: 3,
    }),
  );
  expect(reply.instances.map((each) => each.attemptNumber).sort()).toEqual([1, 2]);
  expect(await livingIds()).toEqual([]);
});

test('an orphan is reaped; an open run keeps its newest instance only', async () => {
  const orphan = await launch();
  runId = `open-${randomUUID()}`;
  lab.openRuns.add(runId);
  const superseded = await launch(1);
  const current = await launch(2);
  const reply = await lab.run(() => lab.activities.reapOrphans());
  expect(reply.examined).toBe(3);
  expect([...reply.terminated].sort()).toEqual([orphan.instanceId, superseded.instanceId].sort());
  expect(await livingIds()).toEqual([current.instanceId]);
});

test("a user's own instance is not reaped, although its tag permits commands to it", async () => {
  const { instanceId } = await launchOwn(lab.cloud, {
    ...{ instanceType: 'g5.xlarge', zones: [], purchase: 'on-demand', name: 'mine' },
    token: randomUUID(),
  });
  expect((await lab.run(() => lab.activities.reapOrphans())).terminated).toEqual([]);
  expect(await livingIds()).toEqual([instanceId]);
});
