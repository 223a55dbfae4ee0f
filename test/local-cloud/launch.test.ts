import {
  CreateFleetCommand,
  CreateLaunchTemplateCommand,
  DescribeInstancesCommand,
  DescribeSpotInstanceRequestsCommand,
  DescribeSubnetsCommand,
  RunInstancesCommand,
  StopInstancesCommand,
  TerminateInstancesCommand,
  type CreateFleetCommandInput,
  type FleetLaunchTemplateOverridesRequest,
  type Instance,
} from '@aws-sdk/client-ec2';
import { startLocalCloud, type TestCloud } from '../support/local-cloud';
import { connect, IMAGE_ID, refusal } from './clients';

let cloud: TestCloud;
let at: ReturnType<typeof connect>;
let subnets: Map<string, string>;

beforeAll(async () => {
  cloud = await startLocalCloud({ bootSeconds: 0.1 });
  at = connect(cloud);
  const reply = await at.ec2.send(new DescribeSubnetsCommand({}));
  subnets = new Map(reply.Subnets?.map((one) => [one.AvailabilityZone ?? '', one.SubnetId ?? '']));
  await at.ec2.send(
    new CreateLaunchTemplateCommand({
      LaunchTemplateName: 'generic',
      LaunchTemplateData: {
        ImageId: IMAGE_ID,
        IamInstanceProfile: { Name: cloud.facts.instanceProfile },
        InstanceInitiatedShutdownBehavior: 'terminate',
        TagSpecifications: [
          { ResourceType: 'instance', Tags: [{ Key: 'from', Value: 'template' }] },
        ],
      },
    }),
  );
});

afterEach(async () => {
  await cloud.admin('DELETE', 'faults');
});

afterAll(() => cloud.close());

async function describe(instanceId: string): Promise<Instance> {
  const reply = await at.ec2.send(new DescribeInstancesCommand({ InstanceIds: [instanceId] }));
  const instance = reply.Reservations?.[0]?.Instances?.[0];
  if (instance === undefined) throw new Error(`No ${instanceId}.`);
  return instance;
}

const fleet = (
  overrides: FleetLaunchTemplateOverridesRequest[],
  changes: Partial<CreateFleetCommandInput> = {},
): CreateFleetCommand =>
  new CreateFleetCommand({
    Type: 'instant',
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: { LaunchTemplateName: 'generic', Version: '$Latest' },
        Overrides: overrides,
      },
    ],
    TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'spot' },
    SpotOptions: { AllocationStrategy: 'price-capacity-optimized' },
    ...changes,
  });

test('a Spot instance is pending, then running, with its request fulfilled', async () => {
  const reply = await at.ec2.send(
    new RunInstancesCommand(
      at.launchInput({
        TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'run', Value: 'r1' }] }],
      }),
    ),
  );
  const launched = reply.Instances?.[0];
  expect(launched?.State).toEqual({ Code: 0, Name: 'pending' });
  const id = launched?.InstanceId ?? '';
  await at.awaitState(id, 'running');
  const instance = await describe(id);
  expect(instance).toMatchObject({
    InstanceLifecycle: 'spot',
    State: { Code: 16, Name: 'running' },
    StateTransitionReason: '',
    Tags: [{ Key: 'run', Value: 'r1' }],
  });
  const requests = await at.ec2.send(
    new DescribeSpotInstanceRequestsCommand({
      SpotInstanceRequestIds: [instance.SpotInstanceRequestId ?? ''],
    }),
  );
  expect(requests.SpotInstanceRequests?.[0]).toMatchObject({
    State: 'active',
    Status: { Code: 'fulfilled' },
    InstanceId: id,
  });
});

test('an On-Demand instance has no lifecycle at all, and can be stopped; a Spot instance cannot', async () => {
  await cloud.admin('POST', 'faults', { kind: 'slow-boot', seconds: 60, count: 1 });
  const onDemand = await at.launch({ InstanceMarketOptions: undefined });
  expect((await describe(onDemand)).InstanceLifecycle).toBeUndefined();
  const early = at.ec2.send(new StopInstancesCommand({ InstanceIds: [onDemand] }));
  expect(await refusal(early)).toEqual({
    name: 'IncorrectInstanceState',
    message: `Instance '${onDemand}' cannot be stopped as it has never reached the 'running' state.`,
  });
  const spot = await at.launch();
  await at.awaitState(spot, 'running');
  const stop = at.ec2.send(new StopInstancesCommand({ InstanceIds: [spot] }));
  expect(await refusal(stop)).toMatchObject({
    name: 'UnsupportedOperation',
    message: expect.stringContaining('one-time Spot Instance request') as string,
  });
});

test('a terminated instance stays visible with its reason, and terminating it again is no error', async () => {
  const id = await at.launch();
  await at.awaitState(id, 'running');
  const terminate = new TerminateInstancesCommand({ InstanceIds: [id] });
  const reply = await at.ec2.send(terminate);
  expect(reply.TerminatingInstances?.[0]).toMatchObject({
    CurrentState: { Code: 32, Name: 'shutting-down' },
    PreviousState: { Code: 16, Name: 'running' },
  });
  await at.awaitState(id, 'terminated');
  const instance = await describe(id);
  expect(instance.StateTransitionReason).toMatch(
    /^User initiated \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d GMT\)$/,
  );
  expect(instance.StateReason?.Code).toBe('Client.UserInitiatedShutdown');
  expect((await at.ec2.send(terminate)).TerminatingInstances?.[0]?.CurrentState?.Name).toBe(
    'terminated',
  );
});

test('an interrupted instance says running until its time is up, while its Spot request already knows', async () => {
  const id = await at.launch();
  await at.awaitState(id, 'running');
  await cloud.admin('POST', `instances/${id}/interrupt`, { noticeSeconds: 1 });
  const requestOf = async (): Promise<string | undefined> =>
    (await cloud.status()).spotRequests.find((one) => one.instanceId === id)?.statusCode;
  expect(await requestOf()).toBe('instance-terminated-no-capacity');
  expect(await at.state(id)).toBe('running');
  await at.awaitState(id, 'terminated');
  expect((await describe(id)).StateReason?.Code).toBe('Server.SpotInstanceTermination');
});

test('the same client token launches once; in another zone it launches again', async () => {
  const zoned = (zone: string, type: 'g5.xlarge' | 'g5.2xlarge' = 'g5.xlarge'): Promise<string> =>
    at.launch({ ClientToken: 'token-1', SubnetId: subnets.get(zone), InstanceType: type });
  const first = await zoned('us-east-1a');
  expect(await zoned('us-east-1a')).toBe(first);
  expect(await zoned('us-east-1b')).not.toBe(first);
  expect((await refusal(zoned('us-east-1a', 'g5.2xlarge'))).name).toBe(
    'IdempotentParameterMismatch',
  );
  await at.ec2.send(new TerminateInstancesCommand({ InstanceIds: [first] }));
  expect((await refusal(zoned('us-east-1a'))).name).toBe('IdempotentInstanceTerminated');
});

test('a launch whose reply is lost has launched, and its token finds it again', async () => {
  await cloud.admin('POST', 'faults', { kind: 'lost-reply', operation: 'RunInstances', count: 1 });
  const launch = (): Promise<string> => at.launch({ ClientToken: 'lost-1' });
  await refusal(launch());
  const id = await launch();
  const { Reservations } = await at.ec2.send(
    new DescribeInstancesCommand({ Filters: [{ Name: 'client-token', Values: ['lost-1'] }] }),
  );
  expect(Reservations?.flatMap((one) => one.Instances ?? []).map((one) => one.InstanceId)).toEqual([
    id,
  ]);
});

test('a pool out of capacity is a 500, and the next call finds it full again', async () => {
  await cloud.admin('POST', 'faults', { kind: 'capacity-shortage', zone: 'us-east-1a', count: 1 });
  const launch = (): Promise<string> => at.launch({ SubnetId: subnets.get('us-east-1a') });
  const error = await launch().catch((caught: unknown) => caught);
  expect(error).toMatchObject({
    name: 'InsufficientInstanceCapacity',
    $metadata: { httpStatusCode: 500 },
  });
  expect(await launch()).toMatch(/^i-/);
});

test('a fleet goes where there is capacity, and is answered 200 where there is none', async () => {
  const overrides = [...subnets.values()].map((SubnetId) => ({
    InstanceType: 'g5.xlarge' as const,
    SubnetId,
  }));
  await cloud.admin('POST', 'faults', { kind: 'capacity-shortage', zone: 'us-east-1a' });
  await cloud.admin('POST', 'faults', { kind: 'capacity-shortage', zone: 'us-east-1b' });
  const one = await at.ec2.send(fleet(overrides));
  expect(one.Instances?.[0]).toMatchObject({ Lifecycle: 'spot', AvailabilityZone: 'us-east-1c' });
  await cloud.admin('POST', 'faults', { kind: 'capacity-shortage', purchase: 'spot' });
  const none = await at.ec2.send(fleet(overrides));
  expect(none.Instances).toEqual([]);
  expect(none.Errors?.map((error) => [error.ErrorCode, error.Lifecycle])).toEqual(
    overrides.map(() => ['InsufficientInstanceCapacity', 'spot']),
  );
});

test('a fleet launches from its template, tags at once, and answers its token with the same instance', async () => {
  const command = fleet([{ InstanceType: 't3.micro', AvailabilityZone: 'us-east-1b' }], {
    ClientToken: 'fleet-1',
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: 'run', Value: 'r2' }] }],
  });
  const first = await at.ec2.send(command);
  const again = await at.ec2.send(command);
  const id = first.Instances?.[0]?.InstanceIds?.[0] ?? '';
  expect(again.Instances?.[0]?.InstanceIds).toEqual([id]);
  const tags = (await describe(id)).Tags?.map(({ Key, Value }) => [Key, Value]);
  expect(tags).toEqual(
    expect.arrayContaining([
      ['from', 'template'],
      ['run', 'r2'],
      ['aws:ec2:fleet-id', first.FleetId],
    ]),
  );
});

test('a misspelt type looks like a pool that does not fit in a fleet, and is refused outright by RunInstances', async () => {
  const reply = await at.ec2.send(fleet([{ InstanceType: 'g5.xlagre' as 'g5.xlarge' }]));
  expect(reply.Instances).toEqual([]);
  expect(reply.Errors?.[0]?.ErrorCode).toBe('InvalidFleetConfiguration');
  const run = at.launch({ InstanceType: 'g5.xlagre' as 'g5.xlarge' });
  expect((await refusal(run)).name).toBe('InvalidParameterValue');
});

test.each([
  ['InvalidAMIID.NotFound', { ImageId: 'ami-00000000' }],
  ['InvalidSubnetID.NotFound', { SubnetId: 'subnet-1' }],
  ['InvalidParameterValue', { IamInstanceProfile: { Name: 'nobody' } }],
  ['InvalidUserData.Malformed', { UserData: 'A'.repeat(22_000) }],
  ['InvalidLaunchTemplateName.NotFoundException', { LaunchTemplate: { LaunchTemplateName: 'x' } }],
  [
    'InvalidParameterValue',
    {
      TagSpecifications: [
        { ResourceType: 'instance' as const, Tags: [{ Key: 'aws:x', Value: '' }] },
      ],
    },
  ],
  ['DryRunOperation', { DryRun: true }],
  [
    'SpotMaxPriceTooLow',
    { InstanceMarketOptions: { MarketType: 'spot' as const, SpotOptions: { MaxPrice: '0.001' } } },
  ],
])('RunInstances answers %s to %j', async (name, changes) => {
  expect((await refusal(at.launch(changes))).name).toBe(name);
});

test('a slow boot is slow once', async () => {
  await cloud.admin('POST', 'faults', { kind: 'slow-boot', seconds: 2, count: 1 });
  const slow = await at.launch();
  const quick = await at.launch();
  await at.awaitState(quick, 'running');
  expect(await at.state(slow)).toBe('pending');
  await at.awaitState(slow, 'running');
});

test('every second from running to the end is billed, one minute at least', async () => {
  const id = await at.launch({ InstanceMarketOptions: undefined, InstanceType: 'g5.xlarge' });
  await at.awaitState(id, 'running');
  await at.ec2.send(new TerminateInstancesCommand({ InstanceIds: [id] }));
  await at.awaitState(id, 'terminated');
  const { instances, billUsd } = await cloud.status();
  const billed = instances.find((one) => one.instanceId === id);
  expect(billed?.costUsd).toBeCloseTo(1.006 / 60, 5);
  expect(billUsd).toBeCloseTo(
    instances.reduce((sum, one) => sum + one.costUsd, 0),
    6,
  );
});
