import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { CostMeter, LaunchInput, LaunchReply } from '../../activities/contract';
import type { AlertSettings } from '../../activities/dependencies';
import { pricingRegion, createOnDemandPrices } from '../../aws/on-demand-prices';
import { asOf, createPriceBook, readPrices } from '../../aws/prices';
import { defaultThresholds, type Alert } from '../../domain/alerts';
import type { LaunchedInstance } from '../../domain/instance';
import { type ActivityLab, startActivityLab } from '../support/activity-lab';
import { until } from '../support/local-cloud';
import { Webhook } from '../support/webhook';

const folder = mkdtempSync(path.join(tmpdir(), 'runctl-alerts-'));
let webhook: Webhook;
let lab: ActivityLab;
let runId: string;

beforeAll(async () => {
  webhook = await Webhook.start();
  const alerts: AlertSettings = {
    thresholds: { ...defaultThresholds, runUsd: 0.000_001, instanceCount: 2 },
    command: ['/bin/sh', '-c', `cat >> "${path.join(folder, 'alerts')}"`],
    webhook: webhook.url,
  };
  lab = await startActivityLab(
    { content: new Uint8Array(), sha256: '0' },
    { alerts, maxInstances: 2 },
  );
});
afterAll(async () => {
  webhook.close();
  rmSync(folder, { recursive: true, force: true });
  await lab.close();
});
beforeEach(() => {
  runId = `r-${randomUUID()}`;
});
afterEach(async () => {
  await lab.local.admin('DELETE', 'faults');
  await lab.local.admin('POST', 'terminate-all');
});

const tab = {
  runStartedAt: new Date().toISOString(),
  endedCostUsd: 0,
  maxCostUsd: null,
  asksForSpot: true,
  inForce: [],
};
const launchInput = (changes: Partial<LaunchInput> = {}): LaunchInput => ({
  runId,
  attemptNumber: 1,
  capacity: {
    kind: 'launch',
    instanceTypes: ['g5.xlarge'],
    zones: [],
    purchase: 'spot',
    fallback: 'on-demand',
    spotMaxPriceUsdPerHour: null,
  },
  purchase: 'spot',
  avoidPools: [],
  metadataHopLimit: 1,
  tab,
  ...changes,
});
const ask = (changes: Partial<LaunchInput> = {}): Promise<LaunchReply> =>
  lab.run(() => lab.activities.launchInstance(launchInput(changes)));

async function launch(changes: Partial<LaunchInput> = {}): Promise<LaunchedInstance> {
  const reply = await ask(changes);
  if (reply.kind !== 'launched') throw new Error(JSON.stringify(reply));
  return reply.instance;
}

const on = (instance: LaunchedInstance) => ({
  runId,
  attemptNumber: 1,
  instanceId: instance.instanceId,
});

async function ready(instance: LaunchedInstance): Promise<string> {
  const { result } = await lab.runUntilDone(() => lab.activities.awaitInstanceReady(on(instance)));
  if (result.kind !== 'ready' || result.runningAt === undefined) throw new Error(result.kind);
  return result.runningAt;
}

async function release(instance: LaunchedInstance, runningAt: string | null) {
  const { instances } = await lab.run(() =>
    lab.activities.releaseInstance({ runId, attemptNumber: 1, instance, runningAt }),
  );
  return instances[0];
}

const billedHere = async ({ instanceId }: LaunchedInstance): Promise<number | undefined> =>
  (await lab.local.status()).instances.find((one) => one.instanceId === instanceId)?.costUsd;

describe('what an attempt costs', () => {
  test.each(['spot', 'on-demand'] as const)(
    '%s is what the cloud bills, with its sources',
    async (purchase) => {
      const instance = await launch({ purchase });
      const source = purchase === 'spot' ? 'spot-price-history' : 'pricing-api';
      expect(instance).toMatchObject({
        purchase,
        priceSource: source,
        onDemandPriceSource: 'pricing-api',
      });
      const runningAt = await ready(instance);
      expect(Date.parse(runningAt)).toBeGreaterThanOrEqual(Date.parse(instance.launchedAt) - 1_000);
      const row = await release(instance, runningAt);
      expect(row).toMatchObject({ billedSeconds: 60, priceSource: source, freeBecause: null });
      expect(row?.onDemandPriceSource).toBe('pricing-api');
      expect(row?.costUsd).toBeCloseTo((await billedHere(instance)) ?? -1, 6);
      expect(row?.onDemandCostUsd).toBeCloseTo(1.006 / 60, 9);
    },
  );

  test('is nothing when EC2 takes it back in its first hour', async () => {
    const instance = await launch();
    const runningAt = await ready(instance);
    await lab.local.admin('POST', `instances/${instance.instanceId}/kill`);
    const row = await release(instance, runningAt);
    expect(row).toMatchObject({
      billedSeconds: 0,
      costUsd: 0,
      freeBecause: 'interrupted-in-first-hour',
    });
    expect(await billedHere(instance)).toBe(0);
  });

  test('begins when it runs: one that is pending is looked at closely, and not once in a while', async () => {
    await lab.local.admin('POST', 'faults', { kind: 'slow-boot', seconds: 2, count: 1 });
    const instance = await launch();
    const looksBefore = lab.sent('DescribeInstances');
    const { messages } = await lab.runUntilDone(() =>
      lab.activities.awaitInstanceReady(on(instance)),
    );
    expect(messages.filter((message) => message.includes('pending'))).toEqual([]);
    expect(lab.sent('DescribeInstances') - looksBefore).toBeGreaterThan(2);
  });

  test('is nothing when it never ran', async () => {
    await lab.local.admin('POST', 'faults', { kind: 'slow-boot', seconds: 60, count: 1 });
    const instance = await launch();
    const row = await release(instance, null);
    expect(row).toMatchObject({
      billedSeconds: 0,
      costUsd: 0,
      onDemandCostUsd: 0,
      freeBecause: 'never-ran',
    });
    expect(await billedHere(instance)).toBe(0);
  });

  test('of an instance that EC2 has forgotten goes until EC2 would still have shown it', async () => {
    const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();
    const gone: LaunchedInstance = {
      ...{ instanceId: 'i-0123456789abcdef0', instanceType: 'g5.xlarge', zone: 'us-east-1a' },
      ...{ purchase: 'on-demand', launchedAt: hoursAgo(3), isOurs: true },
      ...{ pricePerHourUsd: 1.006, onDemandPricePerHourUsd: 1.006 },
    };
    const row = await release(gone, hoursAgo(3));
    expect(row?.attemptNumber).toBe(1);
    expect(row?.costUsd).toBeCloseTo(2 * 1.006, 2);
  });
});

describe('prices', () => {
  test('of many runs are asked for together, and not again while they hold', async () => {
    const book = createPriceBook(lab.cloud.clients, 'us-east-1');
    const asked = () => [lab.sent('DescribeSpotPriceHistory'), lab.sent('GetProducts')];
    const [spotBefore = 0, listBefore = 0] = asked();
    const pools = ['g5.xlarge', 'g6.xlarge'].flatMap((instanceType) =>
      ['us-east-1a', 'us-east-1b'].map((zone) => ({ instanceType, zone })),
    );
    for (let round = 0; round < 3; round += 1) {
      const all = await Promise.all(
        Array.from({ length: 200 }, (_, n) =>
          readPrices(book, pools[n % 4] ?? { instanceType: '', zone: '' }, 'spot'),
        ),
      );
      expect(new Set(all.map(({ pricePerHourUsd }) => pricePerHourUsd)).size).toBe(4);
    }
    expect(asked()).toEqual([spotBefore + 1, listBefore + 2]);
    // A bill needs the price of a moment that nobody has asked about yet.
    const later = Date.now();
    await book.spot.read({ instanceType: 'g5.xlarge', zone: 'us-east-1a' }, later, later);
    expect(asked()[0]).toBe(spotBefore + 2);
    expect(asOf(later)).toBeLessThan(later);
  });

  test('come from the table when the Pricing API does not answer, and say so', async () => {
    const { clients } = lab.cloud;
    await lab.local.admin('POST', 'faults', {
      kind: 'error',
      operation: 'GetProducts',
      status: 400,
      code: 'AccessDeniedException',
    });
    const here = createOnDemandPrices(clients.pricing, 'us-east-1');
    expect(await here('g5.xlarge')).toEqual({ pricePerHourUsd: 1.006, source: 'table of 2025-06' });
    expect(await here('z9.huge')).toEqual({ pricePerHourUsd: null, source: null });
    const there = createOnDemandPrices(clients.pricing, 'eu-west-1');
    expect((await there('g5.xlarge')).source).toBe('table of 2025-06, us-east-1');
    expect(lab.sent('GetProducts')).toBeGreaterThan(0);
  });

  test('that EC2 does not tell are the On-Demand ones, which are never too cheap', async () => {
    await lab.local.admin('POST', 'faults', {
      kind: 'error',
      operation: 'DescribeSpotPriceHistory',
      status: 403,
      code: 'UnauthorizedOperation',
    });
    const book = createPriceBook(lab.cloud.clients, 'us-east-1');
    const pool = { instanceType: 'g5.xlarge', zone: 'us-east-1a' };
    expect(await readPrices(book, pool, 'spot')).toMatchObject({
      pricePerHourUsd: 1.006,
      priceSource: 'pricing-api',
    });
    const sent = lab.sent('DescribeSpotPriceHistory');
    await readPrices(book, pool, 'spot');
    expect(lab.sent('DescribeSpotPriceHistory')).toBe(sent);
  });

  test('are asked for at the nearest of the three places that have them', () => {
    const regions = ['us-west-2', 'eu-north-1', 'ap-northeast-1', 'sa-east-1', 'ca-central-1'];
    expect(regions.map(pricingRegion)).toEqual([
      'us-east-1',
      'eu-central-1',
      'ap-south-1',
      'us-east-1',
      'us-east-1',
    ]);
  });
});

describe('the limit of instances', () => {
  test('of three launches at the same moment one is refused when two are allowed', async () => {
    const replies = await Promise.allSettled([1, 2, 3].map((n) => ask({ runId: `${runId}-${n}` })));
    const refused = replies.filter((reply) => reply.status === 'rejected');
    expect(refused).toMatchObject([{ reason: { type: 'too-many-instances', nonRetryable: true } }]);
    expect(String(refused[0]?.reason)).toContain(
      'runctl runs 2 instances in this account and region, and may run 2.',
    );
    // Two are as many as people want to be told of.
    expect(lab.accountLooks()).toBeGreaterThan(0);
  });

  test('a run that has lost its instance waits for a place, and one that asks again keeps its own', async () => {
    const first = await launch();
    await launch({ runId: `${runId}-b` });
    expect((await launch()).instanceId).toBe(first.instanceId);
    const waiting = { runId: `${runId}-c`, attemptNumber: 2 };
    expect(await ask(waiting)).toMatchObject({ kind: 'capacity-shortage', isOwnLimit: true });
    await release(first, null);
    await until('the place is free', async () => (await ask(waiting)).kind === 'launched');
  });
});

describe('warnings', () => {
  test('a fallback to On-Demand is told with the launch, once', async () => {
    const reply = await ask({ purchase: 'on-demand' });
    expect(reply).toMatchObject({
      alerts: {
        raised: [{ code: 'on-demand-fallback', value: 1.006 }],
        inForce: ['on-demand-fallback 0'],
      },
    });
    const again = await ask({
      purchase: 'on-demand',
      tab: { ...tab, inForce: ['on-demand-fallback 0'] },
    });
    expect(again).toMatchObject({ kind: 'launched', alerts: null });
  });

  test('a look at a run that has become expensive says so once, then goes on, and ends at its limit', async () => {
    const instance = await launch();
    const runningAt = await ready(instance);
    const meter: CostMeter = { ...tab, instance, runningAt };
    const look = (changes: Partial<CostMeter> = {}) =>
      lab.run(() =>
        lab.activities.watchTraining({ ...on(instance), meter: { ...meter, ...changes } }),
      );
    const sent = lab.sent('DescribeSpotPriceHistory');
    const inForce = ['run-cost 0.000001'];
    const price = instance.pricePerHourUsd ?? NaN;
    const so = `, $${(price / 60).toFixed(4)} so far at $${price.toFixed(4)}/h`;
    const [first, ...later] = await Promise.allSettled([
      look(),
      look({ inForce }),
      look({ inForce, endedCostUsd: 2.499, maxCostUsd: 2.5 }),
      look({ inForce, endedCostUsd: 2, maxCostUsd: 2.5 }),
    ]);
    expect(first).toMatchObject({ value: { kind: 'alerts', alerts: { inForce } } });
    const goesOn = {
      category: 'BENIGN',
      message: expect.stringContaining(so) as unknown,
    };
    expect(later).toMatchObject([
      { reason: goesOn },
      { value: { kind: 'cost-reached' } },
      { reason: goesOn },
    ]);
    // Looks cost no calls for prices.
    expect(lab.sent('DescribeSpotPriceHistory')).toBe(sent);
  });

  const alert: Alert = {
    ...{ key: 'run/r1/1-run-cost', code: 'run-cost', runId: 'r1', limit: 10, value: 12 },
    ...{ at: '2026-11-24T10:00:00.000Z', message: 'm', text: 'm', next: 'n' },
  };
  const told = (): unknown[] =>
    readFileSync(path.join(folder, 'alerts'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);

  test('a channel that fails is tried again, one that was reached is not', async () => {
    const answers = [503];
    webhook.answer = () => answers.shift() ?? 204;
    const details: unknown[] = [];
    await expect(
      lab.run(
        () => lab.activities.deliverAlert(alert),
        {},
        (beat) => details.push(beat),
      ),
    ).rejects.toMatchObject({
      type: 'alert-not-delivered',
      nonRetryable: false,
      message: expect.stringContaining('webhook: the address answered HTTP 503') as unknown,
    });
    const heartbeatDetails = details.at(-1);
    expect(await lab.run(() => lab.activities.deliverAlert(alert), { heartbeatDetails })).toEqual({
      channels: ['log', 'command', 'webhook'],
    });
    const document = { ...alert, region: 'us-east-1', bucket: lab.local.facts.bucket };
    expect(told()).toEqual([document]);
    expect(webhook.posts.map(({ body }) => body)).toEqual([document, document]);
    expect(webhook.posts[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'idempotency-key': alert.key,
    });
  });

  test('what all runs cost together is looked at with the prices of now', async () => {
    const [one, other] = [
      await launch(),
      await launch({ runId: `${runId}-b`, purchase: 'on-demand' }),
    ];
    const prices = (one.pricePerHourUsd ?? 0) + (other.pricePerHourUsd ?? 0);
    const seen = await until('both are seen', async () => {
      const check = await lab.run(() => lab.activities.checkAccount({ inForce: [] }));
      return check.instanceCount === 2 && check;
    });
    expect(seen.pricePerHourUsd).toBeCloseTo(prices, 6);
    expect(seen.alerts.raised).toMatchObject([{ code: 'instance-count', limit: 2, value: 2 }]);
  });
});
