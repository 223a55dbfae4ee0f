import { WorkflowLab } from '../support/workflow-lab';

let lab: WorkflowLab;

beforeAll(async () => {
  lab = await WorkflowLab.start();
}, 30_000);
afterAll(async () => {
  await lab.end();
});

test('a run that nothing disturbs completes on one instance, and releases it', async () => {
  const run = await lab.startRun();
  await lab.training(run, 1);
  run.cloud.publish(40);
  run.cloud.end();
  const result = await lab.result(run);
  expect(result).toMatchObject({ runId: run.runId, state: 'completed', checkpoint: { step: 40 } });
  expect(result.attempts).toMatchObject([{ number: 1, outcome: 'completed', billedSeconds: 60 }]);
  expect(run.cloud.running).toEqual([]);
  expect(run.cloud.calls.at(-1)).toBe('releaseRun');
});

test('a run whose instance gets a Spot notice saves, and resumes on another from that checkpoint', async () => {
  const run = await lab.startRun();
  await lab.training(run, 1);
  await lab.interrupt(run);
  const { resumeFrom } = run.cloud.latest;
  expect(resumeFrom).toMatchObject({ attemptNumber: 1 });
  run.cloud.end();
  const result = await lab.result(run);
  expect(result.attempts.map(({ outcome }) => outcome)).toEqual(['interrupted', 'completed']);
  expect(result.attempts[0]?.toStep).toBe(resumeFrom?.step);
  expect(result.attempts[1]?.fromStep).toBe(resumeFrom?.step);
  expect(result.costUsd).toBeCloseTo(0.012);
  expect(run.cloud.instances).toHaveLength(2);
  expect(run.cloud.running).toEqual([]);
});

test('the pool whose Spot instance was taken is avoided by the next launch', async () => {
  const run = await lab.startRun();
  await lab.training(run, 1);
  await lab.interrupt(run);
  run.cloud.end();
  await lab.result(run);
  expect(run.cloud.launches[1]?.avoidPools).toEqual([
    { instanceType: 'g5.xlarge', zone: 'us-east-1a' },
  ]);
});

test('a run whose instance dies without notice resumes from the last published checkpoint', async () => {
  const run = await lab.startRun();
  await lab.training(run, 1);
  run.cloud.publish(30);
  run.cloud.kill();
  await lab.training(run, 2);
  expect(run.cloud.latest.resumeFrom).toMatchObject({ step: 30 });
  run.cloud.end();
  expect((await lab.result(run)).attempts[0]).toMatchObject({
    outcome: 'instance-lost',
    message: 'EC2 took the Spot instance back, and no notice was heard',
  });
});

test('five interruptions later the parent still has every attempt, and each is its own execution', async () => {
  const run = await lab.startRun();
  await lab.training(run, 1);
  for (let count = 0; count < 5; count += 1) await lab.interrupt(run);
  run.cloud.end();
  const result = await lab.result(run);
  expect(result.attempts.map(({ number }) => number)).toEqual([1, 2, 3, 4, 5, 6]);
  const steps = result.attempts.map(({ fromStep, toStep }) => [fromStep, toStep]);
  steps.slice(1).forEach(([from], index) => {
    expect(from).toBe(steps[index]?.[1]);
  });
  const details = await lab.temporal('workflow', 'metadata', '-w', run.parentId);
  expect(details).toContain('| 6 | i-00000006 (g5.xlarge, us-east-1a, spot)');
});

test('a trainer that fails is tried again within its budget, then the run fails and says why', async () => {
  const run = await lab.startRun({ budgets: { maxErrors: 1 } });
  for (const attempt of [1, 2]) {
    await lab.training(run, attempt);
    run.cloud.end({ exitCode: 3, lastLogLines: "KeyError: 'loss'" });
  }
  await expect(run.handle.result()).rejects.toMatchObject({
    cause: {
      type: 'error-budget-spent',
      nonRetryable: true,
      message:
        "The trainer failed: exit code 3. That was failure 2; the run allows 1.\nLast lines of its log:\nKeyError: 'loss'\nNext: Read the last lines of the log and correct the script; --max-errors allows more tries.",
      details: [
        {
          state: 'failed',
          code: 'error-budget-spent',
          attempts: [{ outcome: 'trainer-failed' }, { outcome: 'trainer-failed' }],
        },
      ],
    },
  });
  expect(run.cloud.running).toEqual([]);
});

test('a run that is interrupted again and again without a newer checkpoint is ended', async () => {
  const run = await lab.startRun({ budgets: { maxAttemptsWithoutProgress: 1 } });
  for (const attempt of [1, 2]) {
    await lab.training(run, attempt);
    run.cloud.kill();
  }
  await expect(run.handle.result()).rejects.toMatchObject({
    cause: { type: 'no-progress', message: naming('--max-attempts-without-progress') },
  });
  expect(run.cloud.running).toEqual([]);
});

test('a run that is interrupted more often than it allows is ended, although its checkpoint grows', async () => {
  const run = await lab.startRun({ budgets: { maxInterruptions: 1 } });
  await lab.training(run, 1);
  run.cloud.publish(10);
  await lab.interrupt(run);
  run.cloud.publish(20);
  run.cloud.kill();
  await expect(run.handle.result()).rejects.toMatchObject({
    cause: { type: 'interruption-budget-spent', message: naming('--max-interruptions') },
  });
  expect(run.cloud.running).toEqual([]);
});

test('a failure that would come again ends the run at once, whatever its budget, and says why', async () => {
  const run = await lab.startRun({ budgets: { maxErrors: 5 } });
  await lab.training(run, 1);
  const knownFailure = { reason: "ImportError: No module named 'x'", isRetried: false };
  run.cloud.end({ exitCode: 1, knownFailure });
  await expect(run.handle.result()).rejects.toMatchObject({
    cause: {
      type: 'trainer-failed',
      message: naming('It was not tried again, because the same would happen.'),
      details: [
        {
          next: naming('Correct the script'),
          attempts: [{ reason: "ImportError: No module named 'x' (exit code 1)", exitCode: 1 }],
        },
      ],
    },
  });
});

// Jest types its matchers as any.
const naming = (text: string): unknown => expect.stringContaining(text);
