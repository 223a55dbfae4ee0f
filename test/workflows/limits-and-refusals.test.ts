import { ApplicationFailure } from '@temporalio/common';
import { firstCarryOver } from '../../domain/carry-over';
import { runWorkflowId, taskQueues } from '../../domain/ids';
import { emptyHistory } from '../../domain/run-history';
import { searchAttributes } from '../../workflows/search-attributes';
import { checkedSpec } from '../support/checked-spec';
import { smallSpec } from '../support/small-spec';
import { until } from '../support/until';
import { WorkflowLab, type LabRun } from '../support/workflow-lab';

let lab: WorkflowLab;

beforeAll(async () => {
  lab = await WorkflowLab.start();
}, 30_000);
afterAll(async () => {
  await lab.end();
});

const shortage = {
  kind: 'capacity-shortage',
  isQuota: false,
  pools: [{ instanceType: 'g5.xlarge', zone: 'us-east-1b' }],
  message: 'No Spot capacity for g5.xlarge.',
} as const;

// Jest types its matchers as any.
const including = (text: string): unknown => expect.stringContaining(text);
const matching = (pattern: RegExp): unknown => expect.stringMatching(pattern);

const failure = async (run: Pick<LabRun, 'handle'>): Promise<unknown> =>
  run.handle.result().then(
    () => 'completed',
    (error: unknown) => (error instanceof Error ? error.cause : error),
  );

test('a run started by the stock CLI with a wrong input fails at once and names every problem', async () => {
  await lab.temporal(
    ...['workflow', 'start', '--type', 'trainingRun', '--task-queue', taskQueues.workflows],
    ...[
      '-w',
      'run/cli-1',
      '--input',
      '{"runId":"cli-1","script":"/x","capacity":{"kind":"launch"}}',
    ],
  );
  const handle = lab.env.client.workflow.getHandle('run/cli-1');
  const cause = await failure({ handle });
  expect(cause).toMatchObject({ type: 'invalid-spec', nonRetryable: true });
  for (const place of ['code.sha256', 'script', 'capacity.instanceTypes', 'Next: Correct']) {
    expect((cause as Error).message).toContain(place);
  }
});

test.each([undefined, 'garbage', [1, 2]])(
  'an input of %j fails the run, and does not wedge it',
  async (input) => {
    const handle = await lab.env.client.workflow.start('trainingRun', {
      workflowId: `run/bad-${typeof input}-${Array.isArray(input)}`,
      taskQueue: taskQueues.workflows,
      args: [input],
    });
    expect(await failure({ handle })).toMatchObject({ type: 'invalid-spec' });
  },
);

test('a run whose workflow id is not that of its runId is refused', async () => {
  const handle = await lab.env.client.workflow.start('trainingRun', {
    workflowId: runWorkflowId('another'),
    taskQueue: taskQueues.workflows,
    args: [smallSpec('r1')],
  });
  expect(await failure({ handle })).toMatchObject({
    message: including('expected "run/r1" for runId "r1", got "run/another"'),
  });
});

test('an attempt that is started by hand says what to start instead', async () => {
  const handle = await lab.env.client.workflow.start('trainingAttempt', {
    workflowId: 'run/by-hand/attempt',
    taskQueue: taskQueues.workflows,
    args: [{ runId: 'by-hand' }],
  });
  expect(await failure({ handle })).toMatchObject({
    message: including('start the workflow trainingRun'),
  });
});

test('a launch that EC2 refuses fails the run with its code and its reason', async () => {
  const run = await lab.startRun({}, (cloud) => {
    const message = 'The instance type g9.huge does not exist in us-east-1.';
    cloud.launchReplies.push(ApplicationFailure.nonRetryable(message, 'unknown-instance-type'));
  });
  expect(await failure(run)).toMatchObject({
    type: 'unknown-instance-type',
    message: matching(/^The instance type g9.huge .*\nNext: Check the spelling/),
  });
  expect(run.cloud.calls.slice(-2)).toEqual(['releaseInstance', 'releaseRun']);
});

test('a run without capacity waits, says so, and falls back where it may', async () => {
  const run = await lab.startRun(
    {
      capacity: { kind: 'launch', instanceTypes: ['g5.xlarge'], fallback: 'on-demand' },
      budgets: { maxCapacityWaitSeconds: 1 },
    },
    (cloud) => cloud.launchReplies.push(shortage, shortage),
  );
  const status = await lab.phase(run, 'waiting-for-capacity');
  expect(status?.message).toBe('No Spot capacity for g5.xlarge. (try 1)');
  await lab.training(run, 1);
  run.cloud.end();
  await lab.result(run);
  expect(run.cloud.launches.map(({ purchase }) => purchase)).toEqual(['spot', 'spot', 'on-demand']);
  expect(run.cloud.launches.at(-1)?.avoidPools).toEqual(shortage.pools);
});

test('a run that may not wait for capacity fails and says what would help', async () => {
  const run = await lab.startRun({ budgets: { maxCapacityWaitSeconds: 0 } }, (cloud) =>
    cloud.launchReplies.push(shortage),
  );
  expect(await failure(run)).toMatchObject({
    type: 'capacity-shortage',
    message: matching(/No Spot capacity for g5.xlarge.\nNext: Add instance types/),
  });
});

test('a second training on an instance is refused with the four ways on, and forgets the instance', async () => {
  const other = { pid: 4242, runId: 'other', since: '2026-11-24T10:00:00.000Z' };
  const run = await lab.startRun(
    { capacity: { kind: 'existing-instance', instanceId: 'i-0aaaaaaa' } },
    (cloud) => {
      cloud.startReply = { kind: 'already-running', ...other };
    },
  );
  const cause = await failure(run);
  expect(cause).toMatchObject({ type: 'already-running', details: [{ runId: run.runId, other }] });
  const child = await lab.env.client.workflow.getHandle(run.childId).describe();
  expect(child.typedSearchAttributes.get(searchAttributes.instanceId)).toBeUndefined();
  expect((cause as Error).message).toContain(
    `Training already running on instance i-0aaaaaaa (PID: 4242).

To start new training, either:
  1. Wait for current training to complete: runctl aws monitor i-0aaaaaaa
  2. Stop current training gracefully: runctl aws stop i-0aaaaaaa
  3. Check training status: runctl aws monitor i-0aaaaaaa --follow
  4. Force kill existing training (not recommended): runctl aws stop i-0aaaaaaa --force`,
  );
  expect(run.cloud.running).toEqual(['i-0aaaaaaa']);
});

test('a trainer that fails on an instance of the user is tried again there, and the instance is kept', async () => {
  const run = await lab.startRun({
    capacity: { kind: 'existing-instance', instanceId: 'i-0aaaaaaa' },
  });
  await lab.training(run, 1);
  run.cloud.publish(12);
  run.cloud.end({ exitCode: 1 });
  await lab.training(run, 2);
  expect(run.cloud.latest).toMatchObject({
    launched: { instanceId: 'i-0aaaaaaa' },
    resumeFrom: { step: 12 },
  });
  run.cloud.end();
  await lab.result(run);
  expect(run.cloud.running).toContain('i-0aaaaaaa');
});

test('a run on an instance of the user that is lost fails, since no other may be launched', async () => {
  const run = await lab.startRun({
    capacity: { kind: 'existing-instance', instanceId: 'i-0aaaaaaa' },
  });
  await lab.training(run, 1);
  run.cloud.kill();
  expect(await failure(run)).toMatchObject({ type: 'instance-lost' });
});

const noticed = {
  ...firstCarryOver(
    checkedSpec({ capacity: { kind: 'existing-instance', instanceId: 'i-0aaaaaaa' } }),
  ),
  attemptNumber: 2,
  notBefore: '2026-11-24T10:02:30.000Z',
  why: 'a Spot notice came',
  history: { ...emptyHistory, interruptionCount: 1 },
};

test('a Spot instance of the user that was really taken after its notice ends the run as lost', async () => {
  const message = 'The instance i-0aaaaaaa is terminated.';
  const attempt = await lab.startAttempt(noticed, (cloud) => {
    cloud.launchReplies.push({ kind: 'not-usable', message });
  });
  expect(await failure(attempt)).toMatchObject({
    type: 'instance-lost',
    message: including(message),
  });
});

test('one that was not taken after all goes on with the training', async () => {
  const attempt = await lab.startAttempt(noticed);
  await until(
    'it trains again',
    () => attempt.cloud.instances.at(-1),
    (instance) => instance?.isTraining === true,
  );
  attempt.cloud.end();
  expect(await attempt.handle.result()).toMatchObject({ state: 'completed' });
  expect(attempt.cloud.running).toEqual(['i-0aaaaaaa']);
});

test('a trainer that is gone without a result resumes elsewhere, whatever the error budget', async () => {
  const run = await lab.startRun({ budgets: { maxErrors: 0 } });
  await lab.training(run, 1);
  run.cloud.latest.verdict = {
    kind: 'trainer-lost',
    message: 'the machine was rebooted',
    lastStep: 9,
    firstStep: 0,
  };
  await lab.training(run, 2);
  run.cloud.end();
  expect((await lab.result(run)).attempts[0]).toMatchObject({ outcome: 'trainer-lost', toStep: 9 });
});

test('columns and details tell a stranger about the run', async () => {
  const run = await lab.startRun();
  await lab.training(run, 1);
  await lab.interrupt(run);
  await lab.phase(run, 'training');
  const query = `RunctlPhase = "training" AND RunctlAttempt = 2 AND RunctlInstanceId = "i-00000002" AND RunctlPurchase = "spot"`;
  await until(
    'the attempt in the list',
    () => lab.temporal('workflow', 'list', '--query', query, '--output', 'json'),
    (list) => list.includes(run.childId),
  );
  const details = await lab.temporal('workflow', 'metadata', '-w', run.childId);
  expect(details).toContain(`### Run ${run.runId}, attempt 2: training`);
  expect(details).toContain('Training on i-00000002 (g5.xlarge, us-east-1a, spot), from step');
  expect(details).toContain('**Why this attempt:** a Spot notice came, and the trainer ended');
  run.cloud.end();
  await lab.result(run);
  expect(await lab.temporal('workflow', 'metadata', '-w', run.parentId)).toContain(
    `### Run ${run.runId}: completed`,
  );
});
