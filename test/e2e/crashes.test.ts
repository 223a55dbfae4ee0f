import { untilSigterm } from './support/scripts';
import { Stack } from './support/stack';
import { playTogether } from './support/together';

/** Whatever of ours is killed with -9, at whatever moment: the run goes on, with one instance and one trainer. */
interface Story {
  readonly title: string;
  readonly play: (stack: Stack) => Promise<void>;
}

const stories: readonly Story[] = [
  { title: 'a worker killed with runs in every phase', play: workerKilled },
  { title: 'replies of launches lost, then the Temporal server killed', play: temporalKilled },
];

let ends: readonly Promise<void>[];

beforeAll(() => {
  // A kill hits everything that runs beside it, so each story has a server, a cloud and a worker of its own.
  ends = playTogether(stories, stories.length, async ({ play }) => {
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

/** Long enough to outlast the ten seconds after which a killed worker's activity is repeated. */
const patiently = ['--steps', '200', '--checkpoint-every', '20', '--step-seconds', '0.2'];

async function workerKilled(stack: Stack): Promise<void> {
  await fault(stack, 'slow-boot', '8', '--count', '1');
  const booting = await stack.train('booting');
  await stack.reaches(
    booting,
    'an instance',
    ({ attempts }) => attempts.at(-1)?.instanceId != null,
  );
  await fault(stack, 'capacity-shortage', '--instance-type', 'm5.large');
  const [waiting, training, alone, saving, ending] = await Promise.all([
    stack.train('waiting', { instanceType: 'm5.large' }),
    stack.train('training', { scriptArgs: patiently }),
    stack.train('alone', untilSigterm(stack)),
    stack.train('saving', untilSigterm(stack, 5)),
    stack.train('ending', { scriptArgs: ['--steps', '120', '--step-seconds', '0.1'] }),
  ]);
  const [, noticed, taken] = await Promise.all([
    stack.training(training, 1, 20),
    stack.training(alone, 1, 50),
    stack.training(saving, 1, 20),
    stack.training(ending, 1, 1),
    stack.reaches(waiting, 'a wait', ({ state }) => state === 'waiting-for-capacity'),
  ]);
  await stack.runctl(['local', 'interrupt', taken, '--notice-seconds', '40']);
  await stack.signal(saving, 'spotInterruption', '--input', JSON.stringify({ instanceId: taken }));
  await stack.reaches(saving, 'a save', ({ state }) => state === 'saving');
  const launching = await stack.train('launching');
  await stack.kill('worker');

  // A notice that no worker hears: the supervisor publishes alone.
  await stack.runctl(['local', 'interrupt', noticed, '--notice-seconds', '20']);
  await stack.instanceGone(noticed);
  await stack.runctl(['local', 'fault', 'clear']);
  stack.startWorker();

  await Promise.all(
    [booting, waiting, launching, training, ending].map((runId) => completesOn(stack, runId, 1)),
  );
  await Promise.all([alone, saving].map((runId) => completesOn(stack, runId, 2)));
  // They save on SIGTERM only, so what they resumed from is what the supervisor published after the notice.
  expect((await stack.client.status(alone)).attempts[1]?.fromStep).toBeGreaterThanOrEqual(50);
  expect((await stack.client.status(saving)).attempts[1]?.fromStep).toBeGreaterThanOrEqual(20);
  expect(await stack.liveInstances()).toEqual([]);
}

async function temporalKilled(stack: Stack): Promise<void> {
  await fault(stack, 'lost-reply', 'CreateFleet');
  await fault(stack, 'lost-reply', 'RunInstances');
  const runId = await stack.train('server', untilSigterm(stack));
  const instanceId = await stack.training(runId, 1, 20);
  expect(await stack.launchedInstances()).toEqual([instanceId]);
  const stop = await stack.restart('temporal');
  try {
    await stack.runctl(['local', 'interrupt', instanceId, '--notice-seconds', '20']);
    await completesOn(stack, runId, 2);
    expect(await stack.liveInstances()).toEqual([]);
  } finally {
    stop();
  }
}

async function fault(stack: Stack, ...args: string[]): Promise<void> {
  expect(await stack.runctl(['local', 'fault', ...args])).toMatchObject({ exitCode: 0 });
}

async function completesOn(stack: Stack, runId: string, attemptCount: number): Promise<void> {
  const run = await stack.ended(runId);
  expect(run.state).toBe('completed');
  expect(run.attempts).toHaveLength(attemptCount);
  expect(await stack.launchedInstances(runId)).toHaveLength(attemptCount);
}
