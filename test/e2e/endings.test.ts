import type { RunSnapshot } from '../../client';
import { differences, playEnding, type MeasuredEnding } from './support/ending-play';
import { endings } from './support/ending-table';
import { awaitIdle, createOwn } from './support/own-instances';
import { writeScript } from './support/scripts';
import { Stack, type Ran } from './support/stack';
import { playTogether } from './support/together';

/** Every way in which a training can end, on the local cloud: verdict, exit code, message, and that nothing is left. */
const table = endings();

let stack: Stack;
let measured: readonly Promise<MeasuredEnding>[];
let told: Promise<Record<'refused' | 'trained' | 'status' | 'waited' | 'monitored', Ran>>;

beforeAll(async () => {
  stack = await Stack.start();
  measured = playTogether(table, 8, (ending) => playEnding(stack, ending));
  told = trainWithTheBin();
  // The test that awaits it reports its failure.
  told.catch(() => undefined);
}, 60_000);

afterAll(() => stack.close(), 60_000);

test.each(table.map((ending, index) => [ending.name, ending, index] as const))(
  '%s',
  async (_name, ending, index) => {
    const end = await measured[index];
    if (end === undefined) throw new Error('was not played');
    expect(differences(ending, end)).toEqual([]);
  },
  240_000,
);

/** A script that fails with words of its own, as a user trains it on an instance of theirs. */
async function trainWithTheBin() {
  const script = writeScript(stack, 'told', 'raise SystemExit("step 4: no more data")');
  const instanceId = await createOwn(stack, 'on-demand');
  await awaitIdle(stack, instanceId);
  const train = ['aws', 'train', instanceId, script];
  const refused = await stack.runctl([...train, '--log-pattern', '(', '--failure-pattern', '[=x']);
  const flags = ['--name', 'told', '--failure-pattern', 'no more data=the data ran out!'];
  const trained = await stack.runctl([...train, ...flags, '--wait']);
  const [status, waited, monitored] = await Promise.all([
    stack.runctl(['--output', 'json', 'aws', 'status', 'told']),
    stack.runctl(['aws', 'wait', 'told']),
    stack.runctl(['aws', 'monitor', 'told', '--follow']),
  ]);
  return { refused, trained, status, waited, monitored };
}

test('a pattern that is none is refused with its place, before anything is done', async () => {
  const { refused } = await told;
  expect(refused.exitCode).toBe(2);
  expect(refused.stderr).toContain('--log-pattern: expected a regular expression');
  expect(refused.stderr).toContain('--failure-pattern: expected a regular expression');
}, 240_000);

test('train --wait, wait, monitor and status tell verdict, exit code and message', async () => {
  const { trained, status, waited, monitored } = await told;
  const message = 'the data ran out (exit code 1)';
  for (const { exitCode, stdout } of [trained, waited, monitored]) {
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(
      /why ended {2}trainer-failed\n +next +Correct the script.*not tried again/,
    );
    expect(stdout).toMatch(new RegExp(`trainer-failed +1 .*${message.replace(/[()]/g, '\\$&')}`));
  }
  expect(monitored.stderr).toContain(`== attempt 1 ended: trainer-failed: ${message} ==`);
  const { state, attempts, failure } = JSON.parse(status.stdout) as RunSnapshot;
  expect({ state, attempts, code: failure?.code }).toMatchObject({
    state: 'failed',
    code: 'trainer-failed',
    attempts: [{ outcome: 'trainer-failed', exitCode: 1, signal: null, reason: message, message }],
  });
}, 240_000);
