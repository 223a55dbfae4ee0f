import type {
  DescribeAvailabilityZonesRequest,
  DescribeAvailabilityZonesResult,
  DescribeRegionsResult,
  DescribeSecurityGroupsRequest,
  DescribeSecurityGroupsResult,
  DescribeSubnetsRequest,
  DescribeSubnetsResult,
  DescribeVpcsRequest,
  DescribeVpcsResult,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../wire/aws-error';
import type { SubnetRecord } from '../world/records';
import type { Ec2Context } from './context';
import { filterBy } from './filters';

const VPC_CIDR = '172.31.0.0/16';
// A /20 less the five addresses that AWS keeps.
const SUBNET_ADDRESSES = 4091;

function refuseUnknown(
  asked: readonly string[] | undefined,
  known: readonly string[],
  code: string,
  noun: string,
): void {
  const unknown = asked?.find((id) => !known.includes(id));
  if (unknown !== undefined) throw new AwsError(code, `The ${noun} ID '${unknown}' does not exist`);
}

export function describeSubnets(
  { world }: Ec2Context,
  request: DescribeSubnetsRequest,
): DescribeSubnetsResult {
  const { subnets, vpcId } = world.settings.network;
  const asked = request.SubnetIds;
  refuseUnknown(
    asked,
    subnets.map(({ subnetId }) => subnetId),
    'InvalidSubnetID.NotFound',
    'subnet',
  );
  const isWanted = filterBy<SubnetRecord>(request.Filters, {
    'availability-zone': ({ zone }) => [zone],
    'cidr-block': ({ cidr }) => [cidr],
    'default-for-az': () => ['true'],
    state: () => ['available'],
    'subnet-id': ({ subnetId }) => [subnetId],
    'vpc-id': () => [vpcId],
  });
  return {
    Subnets: subnets
      .filter(({ subnetId }) => asked === undefined || asked.includes(subnetId))
      .filter(isWanted)
      .map(({ subnetId, zone, zoneId, cidr }) => ({
        SubnetId: subnetId,
        VpcId: vpcId,
        AvailabilityZone: zone,
        AvailabilityZoneId: zoneId,
        CidrBlock: cidr,
        State: 'available',
        DefaultForAz: true,
        MapPublicIpOnLaunch: true,
        AvailableIpAddressCount: SUBNET_ADDRESSES,
        OwnerId: world.settings.accountId,
        Tags: [],
      })),
  };
}

export function describeVpcs(
  { world }: Ec2Context,
  request: DescribeVpcsRequest,
): DescribeVpcsResult {
  const { vpcId } = world.settings.network;
  refuseUnknown(request.VpcIds, [vpcId], 'InvalidVpcID.NotFound', 'vpc');
  const isWanted = filterBy<object>(request.Filters, {
    cidr: () => [VPC_CIDR],
    'is-default': () => ['true'],
    isDefault: () => ['true'],
    state: () => ['available'],
    'vpc-id': () => [vpcId],
  });
  if (!isWanted({})) return { Vpcs: [] };
  return {
    Vpcs: [
      {
        VpcId: vpcId,
        CidrBlock: VPC_CIDR,
        IsDefault: true,
        State: 'available',
        InstanceTenancy: 'default',
        OwnerId: world.settings.accountId,
        Tags: [],
      },
    ],
  };
}

export function describeSecurityGroups(
  { world }: Ec2Context,
  request: DescribeSecurityGroupsRequest,
): DescribeSecurityGroupsResult {
  const { vpcId, securityGroupId } = world.settings.network;
  const named = [...(request.GroupIds ?? []), ...(request.GroupNames ?? [])];
  const unknown = named.find((name) => name !== securityGroupId && name !== 'default');
  if (unknown !== undefined) {
    throw new AwsError('InvalidGroup.NotFound', `The security group '${unknown}' does not exist`);
  }
  const isWanted = filterBy<object>(request.Filters, {
    'group-id': () => [securityGroupId],
    'group-name': () => ['default'],
    'vpc-id': () => [vpcId],
  });
  if (!isWanted({})) return { SecurityGroups: [] };
  return {
    SecurityGroups: [
      {
        GroupId: securityGroupId,
        GroupName: 'default',
        Description: 'default VPC security group',
        VpcId: vpcId,
        OwnerId: world.settings.accountId,
        IpPermissions: [],
        IpPermissionsEgress: [{ IpProtocol: '-1', IpRanges: [{ CidrIp: '0.0.0.0/0' }] }],
        Tags: [],
      },
    ],
  };
}

export function describeAvailabilityZones(
  { world }: Ec2Context,
  request: DescribeAvailabilityZonesRequest,
): DescribeAvailabilityZonesResult {
  const { subnets } = world.settings.network;
  const asked = [...(request.ZoneNames ?? []), ...(request.ZoneIds ?? [])];
  const unknown = asked.find(
    (name) => !subnets.some(({ zone, zoneId }) => zone === name || zoneId === name),
  );
  if (unknown !== undefined) {
    throw new AwsError('InvalidParameterValue', `Invalid availability zone: [${unknown}]`);
  }
  const isWanted = filterBy<SubnetRecord>(request.Filters, {
    'opt-in-status': () => ['opt-in-not-required'],
    'region-name': () => [world.region],
    state: () => ['available'],
    'zone-id': ({ zoneId }) => [zoneId],
    'zone-name': ({ zone }) => [zone],
    'zone-type': () => ['availability-zone'],
  });
  return {
    AvailabilityZones: subnets
      .filter(
        ({ zone, zoneId }) => asked.length === 0 || asked.includes(zone) || asked.includes(zoneId),
      )
      .filter(isWanted)
      .map(({ zone, zoneId }) => ({
        ZoneName: zone,
        ZoneId: zoneId,
        ZoneType: 'availability-zone',
        State: 'available',
        RegionName: world.region,
        GroupName: world.region,
        NetworkBorderGroup: world.region,
        OptInStatus: 'opt-in-not-required',
        Messages: [],
      })),
  };
}

/** DescribeRegions: the one region of this cloud. */
export function describeRegions({ world }: Ec2Context): DescribeRegionsResult {
  return {
    Regions: [
      {
        RegionName: world.region,
        Endpoint: `ec2.${world.region}.amazonaws.com`,
        OptInStatus: 'opt-in-not-required',
      },
    ],
  };
}
