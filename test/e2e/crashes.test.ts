import { Stack } from './support/stack';
import { playTogether } from './support/together';

/** Whatever of ours is killed with -9, at whatever moment: the run goes on, with one instance and one trainer. */
interface Story {
  readonly title: string;
  readonly play: (stack: Stack) => Promise<void>;
}

const stories: readonly Story[] = [
  { title: 'a worker killed while an instance boots', play: workerKilledAtBoot },
  { title: 'a worker killed in the moment of the launch', play: workerKilledAtLaunch },
  { title: 'a worker killed while it trains, and again during the save', play: workerKilledTwice },
  { title: 'a notice while no worker runs', play: noticeWithoutWorker },
  { title: 'the Temporal server killed and started again on its file', play: temporalKilled },
  { title: 'a launch whose reply is lost', play: launchReplyLost },
];

let ends: readonly Promise<void>[];

beforeAll(() => {
  // A kill hits everything that runs beside it, so each story has a server, a cloud and a worker of its own.
  ends = playTogether(stories, 3, async ({ play }) => {
    const stack = await Stack.start();
    try {
      await play(stack);
    } finally {
      await stack.close();
    }
  });
});

test.each(stories.map((story, index) => ({ ...story, index })))(
  '$title: nothing is lost, doubled or left',
  ({ index }) => ends[index],
  400_000,
);

async function workerKilledAtBoot(stack: Stack): Promise<void> {
  await faults(stack, 'slow-boot', '6', '--count', '1');
  const runId = await stack.train('booting');
  await stack.reaches(runId, 'an instance', ({ attempts }) => attempts.at(-1)?.instanceId != null);
  await stack.kill('worker');
  stack.startWorker();
  await completesOn(stack, runId, 1);
}

async function workerKilledAtLaunch(stack: Stack): Promise<void> {
  const runId = await stack.train('launching');
  await stack.kill('worker');
  stack.startWorker();
  await completesOn(stack, runId, 1);
}

async function workerKilledTwice(stack: Stack): Promise<void> {
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
  await completesOn(stack, runId, 2);
  const run = await stack.client.status(runId);
  expect(run.attempts[1]?.fromStep).toBeGreaterThanOrEqual(60);
}

async function noticeWithoutWorker(stack: Stack): Promise<void> {
  const runId = await stack.train('alone');
  const instanceId = await stack.training(runId, 1, 50);
  await stack.kill('worker');
  await stack.runctl(['local', 'interrupt', instanceId, '--notice-seconds', '5']);
  await stack.instanceGone(instanceId);
  stack.startWorker();
  await completesOn(stack, runId, 2);
  const run = await stack.client.status(runId);
  // The last periodic checkpoint before the notice was at a multiple of 20; the saved one is where SIGTERM came.
  expect(run.attempts[1]?.fromStep).toBeGreaterThanOrEqual(50);
}

async function temporalKilled(stack: Stack): Promise<void> {
  const runId = await stack.train('server');
  const instanceId = await stack.training(runId, 1, 20);
  const stop = await stack.restartTemporal();
  try {
    await stack.runctl(['local', 'interrupt', instanceId, '--notice-seconds', '8']);
    await completesOn(stack, runId, 2);
  } finally {
    stop();
  }
}

async function launchReplyLost(stack: Stack): Promise<void> {
  await faults(stack, 'lost-reply', 'CreateFleet');
  await faults(stack, 'lost-reply', 'RunInstances');
  const runId = await stack.train('lost-reply');
  await completesOn(stack, runId, 1);
}

async function faults(stack: Stack, ...args: string[]): Promise<void> {
  expect(await stack.runctl(['local', 'fault', ...args])).toMatchObject({ exitCode: 0 });
}

async function completesOn(stack: Stack, runId: string, attemptCount: number): Promise<void> {
  const run = await stack.ended(runId);
  expect(run.state).toBe('completed');
  expect(run.attempts).toHaveLength(attemptCount);
  expect(await stack.launchedInstances()).toHaveLength(attemptCount);
  expect(await stack.liveInstances()).toEqual([]);
}
