import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  CancelSpotInstanceRequestsCommand,
  DescribeInstancesCommand,
  DescribeSpotInstanceRequestsCommand,
  RequestSpotInstancesCommand,
  TerminateInstancesCommand,
  type RequestSpotInstancesCommandInput,
  type SpotInstanceRequest,
} from '@aws-sdk/client-ec2';
import { startLocalCloud, until, type TestCloud } from '../support/local-cloud';
import { connect, IMAGE_ID, refusal } from './clients';

let cloud: TestCloud;
let at: ReturnType<typeof connect>;

beforeAll(async () => {
  cloud = await startLocalCloud({ bootSeconds: 0.1, runsUserData: false });
  at = connect(cloud);
});
afterEach(async () => {
  await cloud.admin('DELETE', 'faults');
});
afterAll(() => cloud.close());

const ask = (changes: Partial<RequestSpotInstancesCommandInput> = {}) =>
  at.ec2.send(
    new RequestSpotInstancesCommand({
      LaunchSpecification: {
        ImageId: IMAGE_ID,
        InstanceType: 'g5.xlarge',
        IamInstanceProfile: { Name: cloud.facts.instanceProfile },
        EbsOptimized: true,
      },
      ...changes,
    }),
  );

async function read(id: string): Promise<SpotInstanceRequest> {
  const reply = await at.ec2.send(
    new DescribeSpotInstanceRequestsCommand({ SpotInstanceRequestIds: [id] }),
  );
  const [request] = reply.SpotInstanceRequests ?? [];
  if (request === undefined) throw new Error(`No ${id}.`);
  return request;
}

const statusIs = (id: string, code: string): Promise<SpotInstanceRequest> =>
  until(`${id} is ${code}`, async () => {
    const request = await read(id);
    return request.Status?.Code === code ? request : null;
  });

async function askForOne(changes: Partial<RequestSpotInstancesCommandInput> = {}): Promise<string> {
  const reply = await ask(changes);
  return reply.SpotInstanceRequests?.[0]?.SpotInstanceRequestId ?? '';
}

test('a Spot request is answered open, and becomes active with an instance of its own', async () => {
  const reply = await ask({
    TagSpecifications: [
      { ResourceType: 'spot-instances-request', Tags: [{ Key: 'whose', Value: 'mine' }] },
    ],
  });
  const [asked, ...others] = reply.SpotInstanceRequests ?? [];
  expect(others).toEqual([]);
  expect(asked).toMatchObject({
    State: 'open',
    Status: { Code: 'pending-evaluation' },
    SpotPrice: '1.006000',
    Tags: [{ Key: 'whose', Value: 'mine' }],
  });
  expect(asked?.InstanceId).toBeUndefined();

  const request = await statusIs(asked?.SpotInstanceRequestId ?? '', 'fulfilled');
  // The state is `active`; `fulfilled` is a status code only.
  expect(request.State).toBe('active');
  const id = request.InstanceId ?? '';
  await at.awaitState(id, 'running');
  const seen = await at.ec2.send(new DescribeInstancesCommand({ InstanceIds: [id] }));
  expect(seen.Reservations?.[0]?.Instances?.[0]).toMatchObject({
    InstanceLifecycle: 'spot',
    SpotInstanceRequestId: request.SpotInstanceRequestId,
    Placement: { AvailabilityZone: request.LaunchedAvailabilityZone },
    Tags: [],
  });
  await at.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  const over = await statusIs(request.SpotInstanceRequestId ?? '', 'instance-terminated-by-user');
  expect(over.State).toBe('closed');
});

test('with --no-user-data a launch keeps its user data, and this machine does not run it', async () => {
  const UserData = Buffer.from('#!/bin/sh\ntouch ran').toString('base64');
  const id = await at.launch({ UserData });
  const seen = await at.run(
    id,
    'T=$(curl -s -X PUT -H "X-aws-ec2-metadata-token-ttl-seconds: 60" $AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/api/token); ' +
      'curl -s -H "X-aws-ec2-metadata-token: $T" $AWS_EC2_METADATA_SERVICE_ENDPOINT/latest/user-data',
  );
  expect(seen.StandardOutputContent).toContain('touch ran');
  expect(existsSync(join(cloud.stateDir, 'instances', id, 'user-data'))).toBe(false);
});

test('a request waits for capacity, and is fulfilled when there is some', async () => {
  await cloud.admin('POST', 'faults', { kind: 'capacity-shortage', purchase: 'spot' });
  const id = await askForOne();
  expect((await statusIs(id, 'capacity-not-available')).State).toBe('open');
  await cloud.admin('DELETE', 'faults');
  await statusIs(id, 'fulfilled');
});

test('a price that is too low leaves it open; cancelled then, it never launches', async () => {
  const id = await askForOne({ SpotPrice: '0.001' });
  const waiting = await statusIs(id, 'price-too-low');
  expect(waiting).toMatchObject({ State: 'open', SpotPrice: '0.001000' });
  expect(waiting.Status?.Message).toMatch(/^Your Spot request price of 0\.001000 is lower than/);
  await at.ec2.send(new CancelSpotInstanceRequestsCommand({ SpotInstanceRequestIds: [id] }));
  expect(await read(id)).toMatchObject({
    State: 'cancelled',
    Status: { Code: 'canceled-before-fulfillment' },
  });
  expect((await read(id)).InstanceId).toBeUndefined();
});

test('a request ends when its time is over', async () => {
  const validUntil = new Date(Date.now() - 1_000);
  const id = await askForOne({ SpotPrice: '0.001', ValidUntil: validUntil });
  expect((await statusIs(id, 'schedule-expired')).State).toBe('closed');
  const later = await askForOne({ ValidFrom: new Date(Date.now() + 3_600_000) });
  expect((await statusIs(later, 'not-scheduled-yet')).State).toBe('open');
});

test('the same token asks once, and for something else it is refused', async () => {
  const input = { ClientToken: 'token-1', InstanceCount: 2 };
  const [first, second] = [await ask(input), await ask(input)];
  const idsOf = ({ SpotInstanceRequests: all = [] }: typeof first) =>
    all.map((one) => one.SpotInstanceRequestId).sort();
  expect(idsOf(first)).toHaveLength(2);
  expect(idsOf(second)).toEqual(idsOf(first));
  const other = ask({ ...input, InstanceCount: 3 });
  expect((await refusal(other)).name).toBe('IdempotentParameterMismatch');
});

test.each<[string, Partial<RequestSpotInstancesCommandInput>]>([
  [
    'InvalidAMIID.NotFound',
    { LaunchSpecification: { ImageId: 'ami-00000000', InstanceType: 'g5.xlarge' } },
  ],
  ['MissingParameter', { LaunchSpecification: {} }],
  ['InvalidParameterValue', { SpotPrice: 'free' }],
  ['InvalidParameterValue', { InstanceCount: 21 }],
  ['InvalidParameterValue', { TagSpecifications: [{ ResourceType: 'instance', Tags: [] }] }],
  ['UnsupportedOperation', { Type: 'persistent' }],
  ['DryRunOperation', { DryRun: true }],
])('RequestSpotInstances answers %s to %j', async (name, changes) => {
  expect((await refusal(ask(changes))).name).toBe(name);
});
