import type { WatchInput, WatchVerdict } from '../../activities/contract';
import { decideAlerts, defaultThresholds, isNews } from '../../domain/alerts';
import { accountAlertsId } from '../../domain/ids';
import { escapeDollars } from '../../domain/markdown';
import { ensureAccountSchedule, lookAtAccount } from '../../worker/account-schedule';
import type { ScriptedCloud } from '../support/scripted-cloud';
import { until } from '../support/until';
import { WorkflowLab, type LabRun } from '../support/workflow-lab';

let lab: WorkflowLab;

beforeAll(async () => {
  lab = await WorkflowLab.start();
}, 60_000);
afterAll(async () => {
  await lab.end();
});

/** A look at a run whose price the test decides. */
const lookAt =
  (price: { perHourUsd: number }) =>
  ({ meter }: WatchInput): WatchVerdict | null => {
    const inForce = meter?.inForce ?? [];
    const seen = { ageHours: 1, costUsd: 1, pricePerHourUsd: price.perHourUsd, isFallback: false };
    const alerts = decideAlerts({ kind: 'run', ...seen }, defaultThresholds, inForce);
    return isNews(alerts, inForce) ? { kind: 'alerts', alerts, firstStep: 0, lastStep: 3 } : null;
  };

const delivered = (run: LabRun, count: number) =>
  until(
    `${count} alerts are delivered`,
    () => run.cloud.delivered.length,
    (seen) => seen >= count,
  );

const detailsOf = (workflowId: string): Promise<string> =>
  lab.temporal('workflow', 'metadata', '-w', workflowId);

test('people are warned once per crossing, over all attempts, and see it where they look', async () => {
  const price = { perHourUsd: 6 };
  const run = await lab.startRun({}, (cloud) => (cloud.costVerdict = lookAt(price)));
  await delivered(run, 1);
  await lab.training(run, 1);
  await lab.interrupt(run);
  await lab.interrupt(run);
  const warning = `Run ${run.runId} costs $6.0000 per hour (more than $5).`;
  expect((await lab.childStatus(run)).alerts).toMatchObject([{ code: 'run-price', value: 6 }]);
  expect(await detailsOf(run.childId)).toContain(`**Warning:** ${escapeDollars(warning)}`);
  expect(await detailsOf(run.parentId)).toContain(`**Warning:** ${escapeDollars(warning)}`);
  expect(run.cloud.delivered.map(({ key }) => key)).toEqual([`run/${run.runId}/1-run-price`]);

  price.perHourUsd = 4;
  await until(
    'it has fallen below',
    () => run.cloud.watches.at(-1)?.meter?.inForce,
    (inForce) => inForce?.length === 0,
  );
  price.perHourUsd = 7;
  await delivered(run, 2);
  await lab.training(run, 3);
  run.cloud.end();
  const result = await lab.result(run);
  expect(result.alerts.map(({ value }) => value)).toEqual([6, 7]);
  expect(run.cloud.delivered.map(({ message }) => message)).toEqual([
    warning,
    `Run ${run.runId} costs $7.0000 per hour (more than $5).`,
  ]);
});

test('a notification that fails harms no run, and is tried again after its end', async () => {
  const run = await lab.startRun({}, (cloud) => {
    cloud.costVerdict = lookAt({ perHourUsd: 6 });
    cloud.failures.set('deliverAlert', new Error('nobody listens there'));
  });
  await until(
    'it has been tried',
    () => run.cloud.calls,
    (calls) => calls.includes('deliverAlert'),
  );
  await lab.training(run, 1);
  run.cloud.end();
  expect((await lab.result(run)).state).toBe('completed');
  expect(run.cloud.delivered).toEqual([]);
  run.cloud.failures.delete('deliverAlert');
  await delivered(run, 1);
});

test('a run that has cost what it may saves, releases its instance and says so', async () => {
  const run = await lab.startRun({ budgets: { maxCostUsd: 2.5 } }, (cloud) => {
    cloud.costVerdict = ({ meter }) =>
      cloud.latest.step < 5
        ? null
        : { kind: 'cost-reached', costUsd: meter?.maxCostUsd ?? 0, firstStep: 0, lastStep: 5 };
  });
  await expect(run.handle.result()).rejects.toMatchObject({
    cause: {
      type: 'max-cost-reached',
      message: expect.stringMatching(
        /^The run has cost \$2\.5000, and may cost \$2\.5\.\nNext: The newest checkpoint is kept: /,
      ) as unknown,
      details: [{ checkpoint: { step: 5 }, attempts: [{ outcome: 'cost-reached', toStep: 5 }] }],
    },
  });
  expect(run.cloud.calls.filter((call) => call === 'saveCheckpoint')).toHaveLength(1);
  expect(await detailsOf(run.parentId)).toContain('**Cost limit:** \\$2.5\n');
  expect(await detailsOf(run.childId)).toContain('**Cost limit:** \\$2.5\n');
  expect(run.cloud.running).toEqual([]);
});

test.each([
  ['boots', (cloud: ScriptedCloud) => void cloud.hold('awaitInstanceReady')],
  [
    'is to start the script',
    (cloud: ScriptedCloud) => void cloud.failures.set('startTraining', new Error('SSM is away')),
  ],
])('an instance that %s for ever spends no more than the run may cost', async (_what, block) => {
  // $3 an hour reach five cents after a minute, which is over in a second.
  const launchedAt = new Date(Date.now() - 59_000).toISOString();
  const run = await lab.startRun({ budgets: { maxCostUsd: 0.05 } }, (cloud) => {
    cloud.launchChanges = { launchedAt, pricePerHourUsd: 3 };
    block(cloud);
  });
  await expect(run.handle.result()).rejects.toMatchObject({
    cause: {
      type: 'max-cost-reached',
      message: expect.stringContaining(
        'The run has cost $0.0500, and may cost $0.05. Its instance had not begun to train.',
      ) as unknown,
      details: [{ attempts: [{ outcome: 'cost-reached' }] }],
    },
  });
  expect(run.cloud.instances).toHaveLength(1);
  expect(run.cloud.running).toEqual([]);
  expect(run.cloud.watches).toEqual([]);
});

test('a run that was to go on elsewhere ends when nothing is left to spend', async () => {
  // Each attempt of this cloud costs $0.006.
  const run = await lab.startRun({ budgets: { maxCostUsd: 0.01 } });
  await lab.training(run, 1);
  await lab.interrupt(run);
  const { instanceId } = run.cloud.latest.launched;
  await run.handle.signal('spotInterruption', { instanceId });
  await expect(run.handle.result()).rejects.toMatchObject({
    cause: { type: 'max-cost-reached', details: [{ attempts: [{}, { outcome: 'interrupted' }] }] },
  });
  expect(run.cloud.instances).toHaveLength(2);
});

test('what the launch has cost before, and since when the run goes on, reach every look', async () => {
  const run = await lab.startRun();
  await lab.training(run, 1);
  await lab.interrupt(run);
  const [first] = run.cloud.watches;
  const last = run.cloud.watches.at(-1);
  expect(first?.meter).toMatchObject({ endedCostUsd: 0, asksForSpot: true, maxCostUsd: null });
  expect(last?.meter?.endedCostUsd).toBeCloseTo(0.006);
  expect(last?.meter?.runStartedAt).toBe(first?.meter?.runStartedAt);
  expect(run.cloud.launches[1]?.tab).toMatchObject({ endedCostUsd: 0.006 });
  run.cloud.end();
  await lab.result(run);
});

test('what all runs cost together is warned of once per crossing, from look to look', async () => {
  const { account, env } = lab;
  await ensureAccountSchedule(env.client);
  await ensureAccountSchedule(env.client);
  const schedule = env.client.schedule.getHandle(accountAlertsId);
  const look = async (): Promise<void> => {
    const before = (await schedule.describe()).info.numActionsTaken;
    await lookAtAccount(env.client);
    const workflow = await until(
      'the account is looked at',
      async () => (await schedule.describe()).info,
      ({ numActionsTaken, runningActions }) =>
        numActionsTaken > before && runningActions.length === 0,
    );
    expect(workflow.numActionsTaken).toBe(before + 1);
  };
  Object.assign(account, { pricePerHourUsd: 3, instanceCount: 3 });
  await look();
  expect(account.delivered).toEqual([]);
  Object.assign(account, { pricePerHourUsd: 30, instanceCount: 12 });
  await look();
  await look();
  account.instanceCount = 2;
  await look();
  Object.assign(account, { pricePerHourUsd: 60, instanceCount: 12 });
  await look();
  const crossings = ['account-price 25', 'account-day 100', 'instance-count 10'];
  const again = ['account-price 50', 'instance-count 10'];
  await until(
    'all of it is delivered',
    () => account.delivered.length,
    (count) => count >= 5,
  );
  expect(account.delivered.toSorted()).toEqual([...crossings, ...again].toSorted());
});
