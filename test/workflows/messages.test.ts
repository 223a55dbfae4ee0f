import { ApplicationFailure } from '@temporalio/common';
import { until } from '../support/until';
import { WorkflowLab } from '../support/workflow-lab';

let lab: WorkflowLab;

beforeAll(async () => {
  lab = await WorkflowLab.start();
}, 30_000);
afterAll(async () => {
  await lab.end();
});

const signal = (workflowId: string, name: string, ...input: string[]) =>
  lab.temporal('workflow', 'signal', '-w', workflowId, '--name', name, ...input);

test.each([
  ['no input', []],
  ['text', ['--input', '"garbage"']],
  ['a list', ['--input', '[1,{"x":null}]']],
  ['three arguments', ['--input', '{}', '--input', '7', '--input', 'null']],
])(
  'a notice by the stock CLI with %s interrupts the attempt, to parent and child alike',
  async (_, input) => {
    const run = await lab.startRun();
    for (const [index, workflowId] of [run.parentId, run.childId].entries()) {
      await lab.training(run, index + 1);
      await signal(workflowId, 'spotInterruption', ...input);
    }
    await lab.training(run, 3);
    run.cloud.end();
    const result = await lab.result(run);
    expect(result.attempts.map(({ outcome }) => outcome)).toEqual([
      'interrupted',
      'interrupted',
      'completed',
    ]);
    expect(run.cloud.running).toEqual([]);
  },
);

test('the same notice a hundred times is one interruption', async () => {
  const run = await lab.startRun();
  await lab.training(run, 1);
  const { instanceId } = run.cloud.latest.launched;
  const child = lab.env.client.workflow.getHandle(run.childId);
  await Promise.all(
    Array.from({ length: 50 }, async () => {
      await run.handle.signal('spotInterruption', { instanceId });
      await child.signal('spotInterruption', { instanceId });
    }),
  );
  await lab.training(run, 2);
  run.cloud.end();
  expect((await lab.result(run)).attempts).toHaveLength(2);
});

test('a notice for another instance, or before there is one, is counted and dropped', async () => {
  const run = await lab.startRun({}, (cloud) => cloud.hold('pickResumePoint'));
  await lab.phase(run, 'placing');
  await run.handle.signal('spotInterruption');
  await run.handle.signal('spotInterruption', { instanceId: 'i-99999999' });
  await until(
    'two stale notices',
    () => lab.childStatus(run),
    (s) => s.staleNoticeCount === 2,
  );
  run.cloud.openGates();
  await lab.training(run, 1);
  await run.handle.signal('spotInterruption', { instanceId: 'i-99999999' });
  await until(
    'a third',
    () => lab.childStatus(run),
    (s) => s.staleNoticeCount === 3,
  );
  run.cloud.end();
  expect((await lab.result(run)).attempts).toHaveLength(1);
});

test('a notice that comes while its instance is being launched is heeded once the launch has answered', async () => {
  const run = await lab.startRun({}, (cloud) => cloud.hold('launchInstance'));
  await lab.phase(run, 'launching');
  await run.handle.signal('spotInterruption', { instanceId: 'i-00000001' });
  run.cloud.openGates();
  await lab.training(run, 2);
  expect(run.cloud.calls.filter((name) => name === 'startTraining')).toHaveLength(1);
  run.cloud.end();
  const { attempts } = await lab.result(run);
  expect(attempts.map(({ outcome }) => outcome)).toEqual(['interrupted', 'completed']);
  expect(attempts[0]?.message).toBe('a notice came before the training had begun');
});

test.each(['awaitInstanceReady', 'startTraining'] as const)(
  'a notice during %s moves the run on, and leaves nothing behind',
  async (activity) => {
    const run = await lab.startRun({}, (cloud) => cloud.hold(activity));
    await until(
      'the call',
      () => run.cloud.calls,
      (calls) => calls.includes(activity),
    );
    await lab.phase(run, 'preparing');
    await run.handle.signal('spotInterruption');
    run.cloud.openGates();
    await lab.training(run, 2);
    run.cloud.end();
    expect((await lab.result(run)).attempts.map(({ outcome }) => outcome)).toEqual([
      'interrupted',
      'completed',
    ]);
    expect(run.cloud.running).toEqual([]);
  },
);

test('a notice after the end is told that the run is over', async () => {
  const run = await lab.startRun();
  await lab.training(run, 1);
  run.cloud.end();
  await lab.result(run);
  await expect(signal(run.parentId, 'spotInterruption')).rejects.toThrow(/already completed/);
});

test('a notice within which saving does not succeed costs steps, not the run', async () => {
  const run = await lab.startRun();
  await lab.training(run, 1);
  run.cloud.publish(7);
  run.cloud.failures.set('saveCheckpoint', ApplicationFailure.nonRetryable('SSM is silent'));
  await run.handle.signal('spotInterruption');
  await lab.training(run, 2);
  expect(run.cloud.latest.resumeFrom).toMatchObject({ step: 7 });
  run.cloud.end();
  expect((await lab.result(run)).attempts[0]?.message).toMatch(/saving did not succeed within it/);
});

test('stop saves, releases, and ends the run as stopped', async () => {
  const run = await lab.startRun();
  await lab.training(run, 1);
  await signal(run.parentId, 'stop');
  const result = await lab.result(run);
  expect(result).toMatchObject({ state: 'stopped', attempts: [{ outcome: 'stopped' }] });
  expect(result.checkpoint).not.toBeNull();
  expect(run.cloud.running).toEqual([]);
});

test('stop with force does not wait for a save that hangs', async () => {
  const run = await lab.startRun();
  await lab.training(run, 1);
  const save = run.cloud.hold('saveCheckpoint');
  await signal(run.parentId, 'stop', '--input', '"please"');
  await save.reached;
  await signal(run.parentId, 'stop', '--input', '{"force":true}');
  await until(
    'a second save',
    () => run.cloud.calls.filter((c) => c === 'saveCheckpoint'),
    (c) => c.length === 2,
  );
  save.open();
  expect(await lab.result(run)).toMatchObject({ state: 'stopped' });
  expect(run.cloud.running).toEqual([]);
});

test.each(['trainingRun', 'trainingAttempt'])(
  'saveCheckpointNow answers with the checkpoint, sent to %s, and the training goes on',
  async (type) => {
    const run = await lab.startRun();
    await lab.training(run, 1);
    const workflowId = type === 'trainingRun' ? run.parentId : run.childId;
    const handle = lab.env.client.workflow.getHandle(workflowId);
    const checkpoint = await handle.executeUpdate('saveCheckpointNow');
    expect(checkpoint).toEqual(run.cloud.checkpoint);
    expect(run.cloud.training).toHaveLength(1);
    await lab.phase(run, 'training');
    run.cloud.failures.set('saveCheckpoint', ApplicationFailure.nonRetryable('the disk is full'));
    await expect(handle.executeUpdate('saveCheckpointNow')).rejects.toMatchObject({
      cause: { message: 'the disk is full' },
    });
    run.cloud.failures.clear();
    run.cloud.end();
    expect((await lab.result(run)).attempts).toHaveLength(1);
  },
  30_000,
);

test('a notice does not wait for a save that was asked for, and its checkpoint answers it', async () => {
  const run = await lab.startRun();
  await lab.training(run, 1);
  const save = run.cloud.hold('saveCheckpoint');
  const update = run.handle.executeUpdate('saveCheckpointNow');
  await save.reached;
  await signal(run.childId, 'spotInterruption');
  await until(
    'the urgent save',
    () => run.cloud.calls.filter((c) => c === 'saveCheckpoint'),
    (c) => c.length === 2,
  );
  save.open();
  expect(await update).toMatchObject({ attemptNumber: 1 });
  await lab.training(run, 2);
  await signal(run.childId, 'saveCheckpoint', '--input', '[]');
  await until(
    'a third save',
    () => run.cloud.checkpoint?.attemptNumber,
    (n) => n === 2,
  );
  run.cloud.end();
  expect((await lab.result(run)).attempts).toHaveLength(2);
});
