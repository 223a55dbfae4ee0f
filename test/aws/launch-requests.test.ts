import {
  clientToken,
  fleetRequest,
  type LaunchPlan,
  runInstancesRequest,
} from '../../aws/launch-requests';
import { templateContent, templateName } from '../../aws/launch-template';
import type { CloudSettings } from '../../aws/cloud-settings';

const pools = [
  { instanceType: 'g5.xlarge', zone: 'us-east-1a', subnetId: 'subnet-a' },
  { instanceType: 'g5.xlarge', zone: 'us-east-1b', subnetId: 'subnet-b' },
];
const plan: LaunchPlan = {
  runId: 'r1',
  attemptNumber: 2,
  requestKey: 'k',
  purchase: 'spot',
  spotMaxPriceUsdPerHour: null,
  pools,
  templateName: 'runctl-x',
  generation: 0,
};

test('a token fits EC2 and stays the same for the same launch', () => {
  expect(clientToken(plan)).toMatch(/^[0-9a-f]{64}$/);
  expect(clientToken({ ...plan, pools: [...pools].reverse() })).toBe(clientToken(plan));
});

test.each<[string, Partial<LaunchPlan>]>([
  ['run', { runId: 'r2' }],
  ['attempt', { attemptNumber: 3 }],
  ['purchase', { purchase: 'on-demand' }],
  ['pools', { pools: pools.slice(1) }],
  ['request after a known answer', { requestKey: 'l' }],
  ['generation', { generation: 1 }],
])('another %s has another token', (_, change) => {
  expect(clientToken({ ...plan, ...change })).not.toBe(clientToken(plan));
});

test('a fleet asks for one instance in any of the pools, tagged from birth', () => {
  const request = fleetRequest(plan);
  expect(request).toMatchObject({
    Type: 'instant',
    TargetCapacitySpecification: { TotalTargetCapacity: 1, DefaultTargetCapacityType: 'spot' },
    SpotOptions: { AllocationStrategy: 'price-capacity-optimized' },
  });
  expect(request.LaunchTemplateConfigs?.[0]?.Overrides).toHaveLength(2);
  expect(request.TagSpecifications?.[0]?.Tags).toEqual(
    expect.arrayContaining([
      { Key: 'app', Value: 'runctl' },
      { Key: 'runctl:run-id', Value: 'r1' },
      { Key: 'runctl:attempt', Value: '2' },
    ]),
  );
  expect(JSON.stringify(request)).not.toContain('MaxPrice');
});

test('a maximum price is of every Spot pool, and never of On-Demand', () => {
  const priced = { ...plan, spotMaxPriceUsdPerHour: 0.25 };
  const overrides = fleetRequest(priced).LaunchTemplateConfigs?.[0]?.Overrides ?? [];
  expect(overrides.map(({ MaxPrice }) => MaxPrice)).toEqual(['0.25', '0.25']);
  const onDemand = fleetRequest({ ...priced, purchase: 'on-demand' });
  expect(JSON.stringify(onDemand)).not.toContain('MaxPrice');
});

test('a pinned pool is asked of RunInstances, one-time Spot that ends when it is taken', () => {
  const [pool] = pools;
  if (pool === undefined) throw new Error('no pool');
  expect(runInstancesRequest(plan, pool)).toMatchObject({
    MinCount: 1,
    MaxCount: 1,
    SubnetId: 'subnet-a',
    InstanceMarketOptions: {
      MarketType: 'spot',
      SpotOptions: { SpotInstanceType: 'one-time', InstanceInterruptionBehavior: 'terminate' },
    },
  });
  expect(
    runInstancesRequest({ ...plan, purchase: 'on-demand' }, pool).InstanceMarketOptions,
  ).toBeUndefined();
});

test('an instance ends when it shuts down, hides its metadata from version 1, and encrypts its disk', () => {
  const settings: CloudSettings = {
    region: 'us-east-1',
    bucket: 'b',
    instanceProfile: 'arn:aws:iam::1:instance-profile/p',
    image: { kind: 'ami', imageId: 'ami-1' },
    subnetIds: [],
    securityGroupIds: ['sg-1'],
    rootVolumeGiB: 50,
  };
  const image = { imageId: 'ami-1', rootDeviceName: '/dev/xvda' };
  const content = templateContent(settings, image, 1);
  expect(content).toMatchObject({
    InstanceInitiatedShutdownBehavior: 'terminate',
    MetadataOptions: { HttpTokens: 'required', HttpPutResponseHopLimit: 1 },
    IamInstanceProfile: { Arn: 'arn:aws:iam::1:instance-profile/p' },
    BlockDeviceMappings: [
      {
        DeviceName: '/dev/xvda',
        Ebs: { Encrypted: true, DeleteOnTermination: true, VolumeSize: 50 },
      },
    ],
  });
  expect(templateName(content)).toBe(templateName({ ...content }));
  expect(templateName({ ...content, ImageId: 'ami-2' })).not.toBe(templateName(content));
  expect(templateName(templateContent(settings, image, 2))).not.toBe(templateName(content));
});
