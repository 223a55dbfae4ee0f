import { randomUUID } from 'node:crypto';
import { launchForAttempt } from '../../aws/launch';
import { createStatusReader } from '../../aws/status-reader';
import { type ConnectedCloud, startConnectedCloud } from '../support/connected-cloud';
import { until } from '../support/local-cloud';

let here: ConnectedCloud;
let ids: readonly string[];

beforeAll(async () => {
  here = await startConnectedCloud();
  ids = await Promise.all(Array.from({ length: 4 }, launchOne));
  for (const id of ids) await until(`${id} registers`, () => here.cloud.agents.isOnline(id));
});
afterAll(() => here.close());

async function launchOne(): Promise<string> {
  const outcome = await launchForAttempt(here.cloud, {
    runId: `r-${randomUUID()}`,
    attemptNumber: 1,
    requestKey: 'k',
    instanceTypes: ['g5.xlarge'],
    zones: [],
    purchase: 'spot',
    spotMaxPriceUsdPerHour: null,
    avoidPools: [],
    metadataHopLimit: 1,
    ageMs: 0,
  });
  if (outcome.kind !== 'launched') throw new Error(outcome.message);
  return outcome.instance.instanceId;
}

test('twenty readers of four instances make one DescribeInstances', async () => {
  await new Promise((resolve) => setTimeout(resolve, 1_050)); // Past the cache of one second.
  const before = here.sent('DescribeInstances');
  const reads = Array.from({ length: 20 }, (_, index) => ids[index % ids.length] ?? '');
  const views = await Promise.all(reads.map((id) => here.cloud.instances.read(id)));
  expect(views.map((view) => view?.instanceId)).toEqual(reads);
  expect(here.sent('DescribeInstances') - before).toBe(1);
});

test('an id that EC2 does not know spoils no other', async () => {
  const unknown = 'i-0123456789abcdef0';
  const [missing, known] = await Promise.all([
    here.cloud.instances.read(unknown),
    here.cloud.instances.read(ids[0] ?? ''),
  ]);
  expect(missing).toBeNull();
  expect(known?.state).toBe('running');
});

test('all watchers of a moment share one SendCommand, and an unknown instance is silent alone', async () => {
  const before = here.sent('SendCommand');
  const all = await Promise.all(ids.map((id) => here.cloud.statuses.read(id)));
  expect(all.map((status) => status.kind)).toEqual(ids.map(() => 'nothing-started'));
  expect(here.sent('SendCommand') - before).toBe(1);

  const [bad, good] = await Promise.all([
    here.cloud.statuses.read('i-0123456789abcdef0'),
    here.cloud.statuses.read(ids[0] ?? ''),
  ]);
  expect(bad.kind).toBe('silent');
  expect(good.kind).toBe('nothing-started');
});

test('an instance whose SSM is silent keeps no other waiting', async () => {
  const [silent = '', other = ''] = ids;
  await here.local.admin('POST', `instances/${silent}/ssm`, { silent: true });
  const began = Date.now();
  const waitMs = 6_000;
  const statuses = createStatusReader(here.cloud.clients, waitMs);
  const slow = statuses.read(silent);
  expect((await statuses.read(other)).kind).toBe('nothing-started');
  expect(Date.now() - began).toBeLessThan(waitMs);
  expect((await slow).kind).toBe('silent');
  await here.local.admin('POST', `instances/${silent}/ssm`, { silent: false });
});
