import { randomUUID } from 'node:crypto';
import { DescribeInstancesCommand } from '@aws-sdk/client-ec2';
import {
  awaitReady,
  awaitState,
  refuseUnstoppable,
  startInstance,
  stopInstance,
  terminateInstance,
} from '../../aws/instance-power';
import { launchOwn } from '../../aws/launch-own';
import { sendScript } from '../../aws/ssm-command';
import type { InstanceView } from '../../aws/instance-view';
import type { PurchaseOption } from '../../domain/instance';
import { type ConnectedCloud, startConnectedCloud } from '../support/connected-cloud';

let here: ConnectedCloud;

beforeAll(async () => {
  here = await startConnectedCloud();
});
afterAll(() => here.close());
afterEach(() => here.local.admin('DELETE', 'faults'));

const launch = (purchase: PurchaseOption = 'on-demand', name = 'mine'): Promise<InstanceView> =>
  launchOwn(here.cloud, {
    ...{ instanceType: 'g5.xlarge', zones: [], purchase, name },
    token: randomUUID(),
  });

const named = async (name: string): Promise<string[]> =>
  (await here.local.status()).instances
    .filter(({ tags }) => tags['Name'] === name)
    .map(({ instanceId }) => instanceId);

test("an instance of the user's own has no run, and keeps its disk when it shuts itself down", async () => {
  const view = await launch();
  expect(view).toMatchObject({ purchase: 'on-demand', spotRequestId: null });
  expect(view.tags).toMatchObject({ app: 'runctl', 'runctl:owner': 'user', Name: 'mine' });
  expect(Object.keys(view.tags)).not.toContain('runctl:run-id');
  const { instanceId } = view;
  await awaitReady(here.cloud, instanceId);
  await sendScript(here.cloud.clients, {
    ...{ instanceIds: [instanceId], text: 'shutdown now', executionSeconds: 10, comment: '' },
  });
  await awaitState(here.cloud, instanceId, ['stopped']);
  await startInstance(here.cloud, instanceId);
  await awaitReady(here.cloud, instanceId);
});

test('a launch whose reply is lost is asked for again, and never doubled', async () => {
  await here.local.admin('POST', 'faults', {
    ...{ kind: 'lost-reply', operation: 'RunInstances', count: 1 },
  });
  const { instanceId } = await launch('spot', 'lost-reply');
  expect(await named('lost-reply')).toEqual([instanceId]);
  expect(here.sent('RunInstances')).toBeGreaterThan(1);
});

test('without capacity in one zone it goes to the next, and without any it says where it looked', async () => {
  const zone = 'us-east-1a';
  await here.local.admin('POST', 'faults', { kind: 'capacity-shortage', zone });
  expect((await launch('on-demand', 'elsewhere')).zone).not.toBe(zone);
  await here.local.admin('POST', 'faults', { kind: 'capacity-shortage' });
  await expect(launch('on-demand', 'nowhere')).rejects.toMatchObject({
    code: 'capacity-shortage',
    message: expect.stringContaining('g5.xlarge in us-east-1a, g5.xlarge in us-east-1b') as string,
  });
  expect(await named('nowhere')).toEqual([]);
});

test('a Spot instance of a one-time request is refused before anything is done to it', async () => {
  const view = await launch('spot');
  const before = here.sent('StopInstances');
  await expect(refuseUnstoppable(here.cloud, view)).rejects.toMatchObject({
    code: 'instance-not-stoppable',
    why: expect.stringContaining('UnsupportedOperation') as string,
  });
  expect(here.sent('StopInstances')).toBe(before);
  // EC2's own word counts too, should the request be gone already.
  await expect(stopInstance(here.cloud, { ...view, spotRequestId: null })).rejects.toMatchObject({
    code: 'instance-not-stoppable',
    why: expect.stringContaining('one-time Spot Instance request') as string,
  });
});

test('what the state of an instance does not allow is told as that', async () => {
  const view = await launch();
  await terminateInstance(here.cloud, view);
  await terminateInstance(here.cloud, view);
  await expect(startInstance(here.cloud, view.instanceId)).rejects.toMatchObject({
    code: 'instance-not-usable',
  });
  await expect(awaitReady(here.cloud, view.instanceId)).rejects.toMatchObject({
    code: 'instance-not-ready',
  });
  const reply = await here.cloud.clients.ec2.send(
    new DescribeInstancesCommand({ InstanceIds: [view.instanceId] }),
  );
  expect(reply.Reservations?.[0]?.Instances?.[0]?.State?.Name).toMatch(/shutting-down|terminated/);
});
