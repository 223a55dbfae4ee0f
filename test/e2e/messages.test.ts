import { Stack } from './support/stack';

/** The stock `temporal` CLI, aimed at parent and child, before and after a first interruption. */
const workflows = [
  { who: 'parent', id: (runId: string) => `run/${runId}` },
  { who: 'child', id: (runId: string) => `run/${runId}/attempt` },
];
const stories = ['cancel', 'terminate'].flatMap((verb) =>
  workflows.flatMap((workflow) =>
    (['first', 'second'] as const).map((attempt) => ({ ...workflow, verb, attempt })),
  ),
);

let stack: Stack;

beforeAll(async () => {
  stack = await Stack.start();
}, 60_000);

afterAll(() => stack.close(), 60_000);

const slowly = ['--steps', '2000', '--checkpoint-every', '20', '--step-seconds', '0.05'];

/** Brings a run to the first or the second attempt, past some steps. */
async function trainUpTo(name: string, attempt: 'first' | 'second'): Promise<string> {
  const runId = await stack.train(name, { scriptArgs: slowly });
  const instanceId = await stack.training(runId, 1, 5);
  if (attempt === 'first') return runId;
  expect(
    await stack.runctl(['local', 'interrupt', instanceId, '--notice-seconds', '6']),
  ).toMatchObject({
    exitCode: 0,
  });
  await stack.training(runId, 2, 5);
  return runId;
}

async function leavesNothing(runId: string): Promise<void> {
  expect(await stack.liveInstances(runId)).toEqual([]);
}

test.concurrent.each(stories)(
  '`temporal workflow $verb` of the $who in the $attempt attempt ends the run and leaves nothing',
  async ({ verb, who, id, attempt }) => {
    const runId = await trainUpTo(`${verb}-${who}-${attempt}`, attempt);
    const ran = await stack.temporal(['workflow', verb, '--workflow-id', id(runId)]);
    expect(ran).toMatchObject({ exitCode: 0 });
    await stack.ended(runId);
    await stack.childIsOver(runId);
    const { state } = await stack.client.status(runId);
    expect(state).toBe(
      verb === 'cancel' ? 'cancelled' : who === 'parent' ? 'terminated' : 'failed',
    );
    await leavesNothing(runId);
  },
  240_000,
);

test.concurrent(
  'notices of every shape by the stock CLI: real ones move the run on, others change nothing',
  async () => {
    const runId = await trainUpTo('notices', 'first');
    const shapes = [
      ['--input', '"i-0123456789abcdef0"'],
      ['--input', '{"instanceId":"i-0123456789abcdef0"}'],
      ['--input', '[[[1,2],3]]'],
      ['--input', '{"instanceId":42,"noticeAt":{}}'],
    ];
    const instanceId = (await stack.client.status(runId)).attempts.at(-1)?.instanceId ?? '';
    expect(await stack.signal(runId, 'spotInterruption', ...(shapes[1] ?? []))).toMatchObject({
      exitCode: 0,
    });
    expect((await stack.client.status(runId)).attempts).toHaveLength(1);

    // A hundred notices for the same instance are one interruption.
    for (let number = 0; number < 100; number += 1)
      await stack.client.interrupt(runId, { instanceId });
    await stack.training(runId, 2, 5);

    // No input at all means today's instance.
    expect(await stack.signal(runId, 'spotInterruption')).toMatchObject({ exitCode: 0 });
    await stack.training(runId, 3, 5);

    for (const shape of [shapes[0] ?? [], shapes[2] ?? [], shapes[3] ?? []]) {
      expect(await stack.signal(runId, 'spotInterruption', ...shape)).toMatchObject({
        exitCode: 0,
      });
    }
    expect(await stack.runctl(['aws', 'stop', runId])).toMatchObject({ exitCode: 0 });
    const end = await stack.ended(runId);
    expect(end.state).toBe('stopped');
    expect(end.checkpoint?.step).toBeGreaterThan(0);
    await leavesNothing(runId);

    const late = await stack.signal(runId, 'spotInterruption');
    expect(late.exitCode).not.toBe(0);
    expect((await stack.client.status(runId)).state).toBe('stopped');
  },
  180_000,
);
