import { Stack } from './support/stack';

/** Whatever of ours is killed with -9, at whatever moment: the run goes on, with one instance and one trainer. */
let stack: Stack;

beforeEach(async () => {
  stack = await Stack.start();
}, 60_000);

afterEach(() => stack.close(), 60_000);

async function faults(...args: string[]): Promise<void> {
  expect(await stack.runctl(['local', 'fault', ...args])).toMatchObject({ exitCode: 0 });
}

async function completesOn(runId: string, attemptCount: number): Promise<void> {
  const run = await stack.ended(runId);
  expect(run.state).toBe('completed');
  expect(run.attempts).toHaveLength(attemptCount);
  expect(await stack.launchedInstances()).toHaveLength(attemptCount);
  expect(await stack.liveInstances()).toEqual([]);
}

test('a worker killed while an instance boots: the run goes on with that one instance', async () => {
  await faults('slow-boot', '6', '--count', '1');
  const runId = await stack.train('booting');
  await stack.reaches(runId, 'an instance', ({ attempts }) => attempts.at(-1)?.instanceId != null);
  await stack.kill('worker');
  stack.startWorker();
  await completesOn(runId, 1);
}, 180_000);

test('a worker killed in the moment of the launch: one instance, not two', async () => {
  const runId = await stack.train('launching');
  await stack.kill('worker');
  stack.startWorker();
  await completesOn(runId, 1);
}, 180_000);

test('a worker killed while it trains, and again during the save: nothing is lost', async () => {
  // It has to outlast the ten seconds after which a killed worker's activity is repeated, twice.
  const runId = await stack.train('training-and-saving', {
    scriptArgs: ['--steps', '240', '--checkpoint-every', '20', '--step-seconds', '0.25'],
  });
  const instanceId = await stack.training(runId, 1, 20);
  await stack.kill('worker');
  stack.startWorker();
  await stack.training(runId, 1, 60);
  await stack.runctl(['local', 'interrupt', instanceId, '--notice-seconds', '6']);
  await stack.signal(runId, 'spotInterruption', '--input', JSON.stringify({ instanceId }));
  // `runctl worker` wrote itself into up.json, so this is the worker of now.
  await stack.kill('worker');
  stack.startWorker();
  await completesOn(runId, 2);
  const run = await stack.client.status(runId);
  expect(run.attempts[1]?.fromStep).toBeGreaterThanOrEqual(60);
}, 240_000);

test('a notice while no worker runs: the instance saves alone, and the run resumes from there', async () => {
  const runId = await stack.train('alone');
  const instanceId = await stack.training(runId, 1, 50);
  await stack.kill('worker');
  await stack.runctl(['local', 'interrupt', instanceId, '--notice-seconds', '5']);
  await stack.instanceGone(instanceId);
  stack.startWorker();
  await completesOn(runId, 2);
  const run = await stack.client.status(runId);
  // The last periodic checkpoint before the notice was at a multiple of 20; the saved one is where SIGTERM came.
  expect(run.attempts[1]?.fromStep).toBeGreaterThanOrEqual(50);
}, 240_000);

test('the Temporal server killed and started again on its file: the run goes on', async () => {
  const runId = await stack.train('server');
  const instanceId = await stack.training(runId, 1, 20);
  const stop = await stack.restartTemporal();
  try {
    await stack.runctl(['local', 'interrupt', instanceId, '--notice-seconds', '8']);
    await completesOn(runId, 2);
  } finally {
    stop();
  }
}, 240_000);

test('a launch whose reply is lost: one instance, not two', async () => {
  await faults('lost-reply', 'CreateFleet');
  await faults('lost-reply', 'RunInstances');
  const runId = await stack.train('lost-reply');
  await completesOn(runId, 1);
}, 180_000);
