import { randomUUID } from 'node:crypto';
import { findByAttempt } from '../../aws/find-instances';
import { launchForAttempt, type LaunchRequest } from '../../aws/launch';
import { readPrices } from '../../aws/prices';
import { terminateInstances } from '../../aws/terminate';
import { type ConnectedCloud, startConnectedCloud } from '../support/connected-cloud';

let here: ConnectedCloud;

beforeAll(async () => {
  here = await startConnectedCloud();
});
afterAll(() => here.close());
afterEach(async () => {
  await here.local.admin('DELETE', 'faults');
  await here.local.admin('POST', 'terminate-all');
});

const request = (change: Partial<LaunchRequest> = {}): LaunchRequest => ({
  runId: `r-${randomUUID()}`,
  attemptNumber: 1,
  requestKey: 'k',
  instanceTypes: ['g5.xlarge', 'g6.xlarge'],
  zones: [],
  purchase: 'spot',
  spotMaxPriceUsdPerHour: null,
  avoidPools: [],
  metadataHopLimit: 1,
  ageMs: 0,
  ...change,
});

const launch = async (asked: LaunchRequest) => {
  const outcome = await launchForAttempt(here.cloud, asked);
  if (outcome.kind !== 'launched') throw new Error(JSON.stringify(outcome));
  return outcome.instance;
};

const living = async (runId: string) =>
  (await here.local.status()).instances.filter(
    (each) => each.tags['runctl:run-id'] === runId && !/terminated|shutting/.test(each.state),
  );

test('a launch gives one tagged Spot instance in one of the pools, with its prices', async () => {
  const asked = request();
  const instance = await launch(asked);
  const [seen, ...others] = await living(asked.runId);
  expect(others).toEqual([]);
  expect(seen).toMatchObject({
    instanceId: instance.instanceId,
    instanceType: instance.instanceType,
    zone: instance.zone,
    purchase: 'spot',
    tags: { app: 'runctl', 'runctl:run-id': asked.runId, 'runctl:attempt': '1' },
  });
  const prices = await readPrices(here.cloud.prices, instance, 'spot');
  expect(prices.pricePerHourUsd).toBeGreaterThan(0);
  expect(prices.onDemandPricePerHourUsd).toBeGreaterThan(prices.pricePerHourUsd ?? Infinity);
});

test.each([
  ['one pool', ['g5.xlarge'], ['us-east-1a']],
  ['a choice of pools', ['g5.xlarge', 'g6.xlarge'], []],
])('a maximum price is kept to with %s', async (_, instanceTypes, zones) => {
  const asked = request({ instanceTypes, zones, spotMaxPriceUsdPerHour: 0.0001 });
  const outcome = await launchForAttempt(here.cloud, asked);
  expect(outcome).toMatchObject({ kind: 'capacity-shortage', isQuota: false });
  expect(outcome.kind === 'capacity-shortage' && outcome.message).toMatch(/SpotMaxPriceTooLow/);
  expect(await living(asked.runId)).toEqual([]);
  const enough = { ...asked, requestKey: 'enough', spotMaxPriceUsdPerHour: 1.5 };
  expect(await launch(enough)).toMatchObject({ purchase: 'spot' });
});

test('asked for twice, also at the same moment, there is one instance', async () => {
  const asked = request();
  const [one, other] = await Promise.all([launch(asked), launch(asked)]);
  expect(one.instanceId).toBe(other.instanceId);
  expect((await launch(asked)).instanceId).toBe(one.instanceId);
  expect(await living(asked.runId)).toHaveLength(1);
});

test.each([
  ['CreateFleet', request()],
  ['RunInstances', request({ instanceTypes: ['g5.xlarge'], zones: ['us-east-1a'] })],
])('%s whose reply is lost leaves one instance, not two', async (operation, asked) => {
  await here.local.admin('POST', 'faults', { kind: 'lost-reply', operation, count: 1 });
  const sentBefore = here.sent(operation);
  const instance = await launch(asked);
  expect((await living(asked.runId)).map((each) => each.instanceId)).toEqual([instance.instanceId]);
  expect(here.sent(operation) - sentBefore).toBe(1);
});

test('one pool is asked of RunInstances, On-Demand too', async () => {
  const asked = request({
    instanceTypes: ['g5.xlarge'],
    zones: ['us-east-1b'],
    purchase: 'on-demand',
  });
  expect(await launch(asked)).toMatchObject({ zone: 'us-east-1b', purchase: 'on-demand' });
});

test('no capacity anywhere is an answer that names the pools', async () => {
  await here.local.admin('POST', 'faults', {
    kind: 'capacity-shortage',
    instanceType: 'g5.xlarge',
  });
  const asked = request({ instanceTypes: ['g5.xlarge'] });
  const outcome = await launchForAttempt(here.cloud, asked);
  expect(outcome).toMatchObject({ kind: 'capacity-shortage', isQuota: false });
  const zones = outcome.kind === 'capacity-shortage' ? outcome.pools.map((pool) => pool.zone) : [];
  expect(zones).toContain('us-east-1a');
  const pinned = { ...asked, zones: ['us-east-1a'] };
  expect(await launchForAttempt(here.cloud, pinned)).toMatchObject({
    kind: 'capacity-shortage',
    pools: [{ instanceType: 'g5.xlarge', zone: 'us-east-1a' }],
  });
  await here.local.admin('DELETE', 'faults');
  // The token of the refused launch is not used again, else EC2 would repeat its old answer.
  await launch({ ...asked, requestKey: 'after the shortage' });
});

test('pools to avoid are left out, unless there is no other', async () => {
  const zones = (await here.cloud.placement.subnets()).map((subnet) => subnet.zone);
  const avoidPools = zones.slice(1).map((zone) => ({ instanceType: 'g5.xlarge', zone }));
  const asked = request({ instanceTypes: ['g5.xlarge'], avoidPools });
  expect(await launch(asked)).toMatchObject({ zone: zones[0] });
  const all = [...avoidPools, { instanceType: 'g5.xlarge', zone: zones[0] ?? '' }];
  await launch(request({ instanceTypes: ['g5.xlarge'], avoidPools: all }));
});

test('a misspelt type is told as such, not as a shortage', async () => {
  await expect(launch(request({ instanceTypes: ['g5.xlrage'] }))).rejects.toMatchObject({
    code: 'unknown-instance-type',
    message: expect.stringContaining('g5.xlrage') as string,
  });
});

test('a zone without a subnet is refused', async () => {
  await expect(launch(request({ zones: ['us-east-1z'] }))).rejects.toMatchObject({
    code: 'launch-refused',
  });
});

test('an attempt whose instance has ended before the answer came gets another', async () => {
  const asked = request({ instanceTypes: ['g5.xlarge'], zones: ['us-east-1a'] });
  const first = await launch(asked);
  await terminateInstances(
    here.cloud,
    await findByAttempt(here.cloud.clients, asked.runId, asked.attemptNumber),
  );
  const second = await launch(asked);
  expect(second.instanceId).not.toBe(first.instanceId);
  expect(await living(asked.runId)).toHaveLength(1);
});

test('throttling and errors of EC2 are failures to be repeated', async () => {
  await here.local.admin('POST', 'faults', {
    kind: 'throttle',
    operation: 'CreateFleet',
    count: 1,
  });
  const asked = request();
  await expect(launch(asked)).rejects.toMatchObject({ code: 'aws-unavailable' });
  await launch(asked);
  expect(await living(asked.runId)).toHaveLength(1);
});

test('terminating twice is success, and the Spot request is closed', async () => {
  const asked = request();
  const { instanceId } = await launch(asked);
  const found = await findByAttempt(here.cloud.clients, asked.runId, 1);
  for (let time = 0; time < 2; time += 1) {
    const [ended] = await terminateInstances(here.cloud, found);
    expect(ended?.view.state).toMatch(/shutting-down|terminated/);
    expect(ended?.view.stateChangedAt).not.toBeNull();
  }
  const { spotRequests } = await here.local.status();
  const ofIt = spotRequests.filter((each) => each.instanceId === instanceId);
  expect(ofIt.map((each) => each.state)).not.toContain('active');
});
