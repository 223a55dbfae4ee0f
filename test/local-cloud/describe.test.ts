import {
  CancelSpotInstanceRequestsCommand,
  CreateLaunchTemplateCommand,
  CreateLaunchTemplateVersionCommand,
  CreateTagsCommand,
  DeleteLaunchTemplateCommand,
  DeleteTagsCommand,
  DescribeAvailabilityZonesCommand,
  DescribeImagesCommand,
  DescribeInstancesCommand,
  DescribeInstanceStatusCommand,
  DescribeInstanceTypeOfferingsCommand,
  DescribeInstanceTypesCommand,
  DescribeLaunchTemplatesCommand,
  DescribeLaunchTemplateVersionsCommand,
  DescribeSecurityGroupsCommand,
  DescribeSpotPriceHistoryCommand,
  DescribeTagsCommand,
  DescribeVpcsCommand,
  paginateDescribeInstances,
  type Filter,
} from '@aws-sdk/client-ec2';
import { startLocalCloud, type TestCloud } from '../support/local-cloud';
import { connect, IMAGE_ID, refusal } from './clients';

let cloud: TestCloud;
let at: ReturnType<typeof connect>;
let spot: string;
let onDemand: string;

beforeAll(async () => {
  cloud = await startLocalCloud({ bootSeconds: 0.1 });
  at = connect(cloud);
  const tagged = (Value: string) => ({
    TagSpecifications: [{ ResourceType: 'instance' as const, Tags: [{ Key: 'app', Value }] }],
  });
  spot = await at.launch({ ...tagged('one*'), Placement: { AvailabilityZone: 'us-east-1b' } });
  onDemand = await at.launch({
    ...tagged('two'),
    InstanceMarketOptions: undefined,
    InstanceType: 't3.micro',
  });
  await at.awaitState(spot, 'running');
  await at.awaitState(onDemand, 'running');
});

afterAll(() => cloud.close());

async function select(...filters: [string, string][]): Promise<(string | undefined)[]> {
  const Filters: Filter[] = filters.map(([Name, value]) => ({ Name, Values: [value] }));
  const reply = await at.ec2.send(new DescribeInstancesCommand({ Filters }));
  return (reply.Reservations ?? [])
    .flatMap((one) => one.Instances ?? [])
    .map((one) => one.InstanceId);
}

test('instances are found by tag, state, type, zone and lifecycle, with wildcards', async () => {
  expect(await select(['tag:app', 'two'])).toEqual([onDemand]);
  expect(await select(['tag:app', 'o\\*'])).toEqual([]);
  expect(await select(['tag:app', 'one\\*'])).toEqual([spot]);
  expect(await select(['tag:app', '?wo'])).toEqual([onDemand]);
  expect((await select(['tag-key', 'a*'])).sort()).toEqual([spot, onDemand].sort());
  expect(await select(['instance-lifecycle', 'spot'], ['instance-state-name', 'running'])).toEqual([
    spot,
  ]);
  expect(await select(['instance-type', 't3.*'])).toEqual([onDemand]);
  expect(await select(['availability-zone', 'us-east-1b'], ['instance-id', spot])).toEqual([spot]);
  expect((await refusal(select(['colour', 'red']))).name).toBe('InvalidParameterValue');
});

test('one bad id fails the whole call', async () => {
  const ask = (...InstanceIds: string[]): Promise<unknown> =>
    at.ec2.send(new DescribeInstancesCommand({ InstanceIds }));
  expect((await refusal(ask(spot, 'i-00000000000000000'))).name).toBe('InvalidInstanceID.NotFound');
  expect((await refusal(ask('x'))).name).toBe('InvalidInstanceID.Malformed');
});

test('pages cover all instances once', async () => {
  const more = await Promise.all(
    Array.from({ length: 5 }, () => at.launch({ InstanceType: 't3.nano' })),
  );
  const seen: (string | undefined)[] = [];
  for await (const reply of paginateDescribeInstances({ client: at.ec2, pageSize: 5 }, {})) {
    seen.push(
      ...(reply.Reservations ?? [])
        .flatMap((one) => one.Instances ?? [])
        .map((one) => one.InstanceId),
    );
  }
  expect(seen.sort()).toEqual([spot, onDemand, ...more].sort());
  await cloud.admin('POST', `instances/${more[0] ?? ''}/kill`);
});

test('instance status is that of running instances', async () => {
  const reply = await at.ec2.send(new DescribeInstanceStatusCommand({ InstanceIds: [spot] }));
  expect(reply.InstanceStatuses?.[0]).toMatchObject({
    InstanceState: { Name: 'running' },
    InstanceStatus: { Status: 'ok' },
    SystemStatus: { Status: 'ok' },
  });
});

test('tags are added, listed and removed', async () => {
  await at.ec2.send(
    new CreateTagsCommand({ Resources: [spot], Tags: [{ Key: 'k', Value: '<&>"' }] }),
  );
  const list = (): Promise<(string | undefined)[]> =>
    at.ec2
      .send(new DescribeTagsCommand({ Filters: [{ Name: 'resource-id', Values: [spot] }] }))
      .then((reply) => (reply.Tags ?? []).map(({ Key, Value }) => `${Key ?? ''}=${Value ?? ''}`));
  expect(await list()).toEqual(['app=one*', 'k=<&>"']);
  await at.ec2.send(new DeleteTagsCommand({ Resources: [spot], Tags: [{ Key: 'k' }] }));
  expect(await list()).toEqual(['app=one*']);
});

test('launch templates have versions', async () => {
  const name = { LaunchTemplateName: 'versions' };
  const create = new CreateLaunchTemplateCommand({
    ...name,
    LaunchTemplateData: { ImageId: IMAGE_ID },
  });
  await at.ec2.send(create);
  expect((await refusal(at.ec2.send(create))).name).toBe(
    'InvalidLaunchTemplateName.AlreadyExistsException',
  );
  await at.ec2.send(
    new CreateLaunchTemplateVersionCommand({
      ...name,
      SourceVersion: '1',
      LaunchTemplateData: { InstanceType: 't3.small' },
    }),
  );
  const latest = await at.ec2.send(
    new DescribeLaunchTemplateVersionsCommand({ ...name, Versions: ['$Latest'] }),
  );
  expect(latest.LaunchTemplateVersions?.[0]).toMatchObject({
    VersionNumber: 2,
    LaunchTemplateData: { ImageId: IMAGE_ID, InstanceType: 't3.small' },
  });
  const reply = await at.ec2.send(
    new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: ['versions'] }),
  );
  expect(reply.LaunchTemplates?.[0]).toMatchObject({
    DefaultVersionNumber: 1,
    LatestVersionNumber: 2,
  });
  await at.ec2.send(new DeleteLaunchTemplateCommand(name));
  const gone = at.ec2.send(
    new DescribeLaunchTemplatesCommand({ LaunchTemplateNames: ['versions'] }),
  );
  expect((await refusal(gone)).name).toBe('InvalidLaunchTemplateName.NotFoundException');
});

test('Spot prices vary by pool and time, and stay below the On-Demand price', async () => {
  const now = new Date();
  const ask = async (StartTime: Date): Promise<number[]> => {
    const reply = await at.ec2.send(
      new DescribeSpotPriceHistoryCommand({
        InstanceTypes: ['g5.xlarge'],
        ProductDescriptions: ['Linux/UNIX'],
        StartTime,
        EndTime: now,
      }),
    );
    return (reply.SpotPriceHistory ?? []).map((one) => Number(one.SpotPrice));
  };
  expect(await ask(now)).toHaveLength(3);
  const month = await ask(new Date(+now - 30 * 24 * 3_600_000));
  expect(new Set(month).size).toBeGreaterThan(100);
  expect(Math.max(...month)).toBeLessThan(1.006);
  expect(await ask(now)).toEqual(await ask(now));
});

test('types are described with their GPUs, and a misspelt one is not offered', async () => {
  const types = await at.ec2.send(
    new DescribeInstanceTypesCommand({ InstanceTypes: ['g5.12xlarge'] }),
  );
  expect(types.InstanceTypes?.[0]).toMatchObject({
    VCpuInfo: { DefaultVCpus: 48 },
    GpuInfo: { Gpus: [{ Name: 'A10G', Count: 4 }], TotalGpuMemoryInMiB: 98_304 },
  });
  const offered = async (type: string): Promise<number | undefined> => {
    const reply = await at.ec2.send(
      new DescribeInstanceTypeOfferingsCommand({
        LocationType: 'availability-zone',
        Filters: [{ Name: 'instance-type', Values: [type] }],
      }),
    );
    return reply.InstanceTypeOfferings?.length;
  };
  expect(await offered('g5.xlarge')).toBe(3);
  expect(await offered('g5.xlagre')).toBe(0);
  const misspelt = new DescribeInstanceTypesCommand({
    InstanceTypes: ['g5.xlagre' as 'g5.xlarge'],
  });
  expect((await refusal(at.ec2.send(misspelt))).name).toBe('InvalidInstanceType');
});

test('a new account has a default VPC with a subnet in each of three zones, a group, and images', async () => {
  const zones = await at.ec2.send(new DescribeAvailabilityZonesCommand({}));
  const vpcs = await at.ec2.send(
    new DescribeVpcsCommand({ Filters: [{ Name: 'is-default', Values: ['true'] }] }),
  );
  const groups = await at.ec2.send(new DescribeSecurityGroupsCommand({ GroupNames: ['default'] }));
  const images = await at.ec2.send(new DescribeImagesCommand({ Owners: ['amazon'] }));
  expect(zones.AvailabilityZones?.map((one) => one.ZoneName)).toEqual([
    'us-east-1a',
    'us-east-1b',
    'us-east-1c',
  ]);
  expect(vpcs.Vpcs).toHaveLength(1);
  expect(groups.SecurityGroups?.[0]?.VpcId).toBe(vpcs.Vpcs?.[0]?.VpcId);
  expect(images.Images?.map((one) => one.ImageId)).toContain(IMAGE_ID);
});

test('cancelling a Spot request leaves its instance running', async () => {
  const { spotRequests } = await cloud.status();
  const request = spotRequests.find((one) => one.instanceId === spot);
  await at.ec2.send(
    new CancelSpotInstanceRequestsCommand({ SpotInstanceRequestIds: [request?.requestId ?? ''] }),
  );
  const after = (await cloud.status()).spotRequests.find((one) => one.instanceId === spot);
  expect(after).toMatchObject({
    state: 'cancelled',
    statusCode: 'request-canceled-and-instance-running',
  });
  expect(await at.state(spot)).toBe('running');
});
