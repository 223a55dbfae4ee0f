import type { RequestLaunchTemplateData, RunInstancesRequest } from '@aws-sdk/client-ec2';
import { findInstanceType } from '../catalogue/instance-types';
import { AwsError } from '../wire/aws-error';
import type { LaunchSpec, SubnetRecord } from '../world/records';
import type { World } from '../world/world';
import { resolveImageId } from './images';
import { checkTags, tagsFor, type TagSpecifications } from './tag-rules';

/** What a request or a launch template says about the instances; where both do, the request wins. */
export interface LaunchSettings extends Pick<
  RunInstancesRequest,
  | 'IamInstanceProfile'
  | 'ImageId'
  | 'InstanceInitiatedShutdownBehavior'
  | 'InstanceType'
  | 'KeyName'
  | 'SecurityGroupIds'
  | 'SecurityGroups'
  | 'SubnetId'
  | 'UserData'
> {
  readonly InstanceMarketOptions?: RequestLaunchTemplateData['InstanceMarketOptions'];
  readonly MetadataOptions?: RequestLaunchTemplateData['MetadataOptions'];
  readonly Monitoring?: RequestLaunchTemplateData['Monitoring'];
  readonly NetworkInterfaces?: RequestLaunchTemplateData['NetworkInterfaces'];
  readonly Placement?: RequestLaunchTemplateData['Placement'];
  readonly TagSpecifications?: TagSpecifications | undefined;
}

/** Lays the request over the template, member by member; tags are merged by key. */
export function overlay(template: LaunchSettings, request: LaunchSettings): LaunchSettings {
  const given = Object.entries(request).filter(([, value]) => value !== undefined);
  return {
    ...template,
    ...Object.fromEntries(given),
    TagSpecifications: [
      ...(template.TagSpecifications ?? []),
      ...(request.TagSpecifications ?? []),
    ],
  };
}

// 16 KB before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-add-user-data.html
const USER_DATA_LIMIT_BYTES = 16_384;

/**
 * Turns settings into launch specs, one for each zone in which the instance may be placed (one only, when subnet or zone
 * are given).
 *
 * @throws AwsError for everything that EC2 refuses before it looks for capacity.
 */
export function resolveLaunchSpecs(world: World, settings: LaunchSettings): readonly LaunchSpec[] {
  if (settings.ImageId === undefined) throw missing('ImageId');
  const instanceType = settings.InstanceType ?? 'm1.small';
  if (findInstanceType(instanceType) === undefined) {
    throw new AwsError(
      'InvalidParameterValue',
      `Invalid value '${instanceType}' for InstanceType.`,
    );
  }
  const market = settings.InstanceMarketOptions;
  const tagSpecifications = settings.TagSpecifications ?? [];
  checkTags(tagSpecifications);
  const shared = {
    instanceType,
    imageId: resolveImageId(settings.ImageId),
    purchase: market?.MarketType === 'spot' ? ('spot' as const) : ('on-demand' as const),
    tags: tagsFor(tagSpecifications, 'instance'),
    spotRequestTags: tagsFor(tagSpecifications, 'spot-instances-request'),
    shutdownBehavior: readShutdownBehavior(settings.InstanceInitiatedShutdownBehavior),
    securityGroupIds: readSecurityGroups(world, settings),
    instanceProfile: readInstanceProfile(world, settings),
    keyName: settings.KeyName ?? null,
    userData: readUserData(settings.UserData),
    metadataHopLimit: readHopLimit(settings.MetadataOptions?.HttpPutResponseHopLimit),
    hasMetadataTags: settings.MetadataOptions?.InstanceMetadataTags === 'enabled',
    isDetailedMonitoring: settings.Monitoring?.Enabled ?? false,
  };
  checkMarket(settings);
  return readSubnets(world, settings).map(({ subnetId, zone }) => ({ ...shared, subnetId, zone }));
}

function missing(name: string): AwsError {
  return new AwsError('MissingParameter', `The request must contain the parameter ${name}`);
}

function readShutdownBehavior(value: string | undefined): 'stop' | 'terminate' {
  if (value === undefined || value === 'stop') return 'stop';
  if (value === 'terminate') return 'terminate';
  throw new AwsError(
    'InvalidParameterValue',
    `Value (${value}) for parameter InstanceInitiatedShutdownBehavior is invalid.`,
  );
}

function readHopLimit(value: number | undefined): number {
  if (value === undefined) return 1;
  if (value >= 1 && value <= 64) return value;
  throw new AwsError(
    'InvalidParameterValue',
    `Value (${value}) for parameter HttpPutResponseHopLimit is invalid. Specify an integer between 1 and 64.`,
  );
}

function checkMarket({ InstanceMarketOptions: market }: LaunchSettings): void {
  const behavior = market?.SpotOptions?.InstanceInterruptionBehavior ?? 'terminate';
  if (market?.SpotOptions?.SpotInstanceType === 'persistent' || behavior !== 'terminate') {
    throw new AwsError(
      'UnsupportedOperation',
      'This local cloud has one-time Spot requests with the interruption behavior terminate only.',
    );
  }
}

function readSecurityGroups(world: World, settings: LaunchSettings): readonly string[] {
  const known = world.settings.network.securityGroupId;
  const ids = [
    ...(settings.SecurityGroupIds ?? []),
    ...(settings.NetworkInterfaces?.[0]?.Groups ?? []),
  ];
  const unknown =
    ids.find((id) => id !== known) ?? settings.SecurityGroups?.find((name) => name !== 'default');
  if (unknown === undefined) return [known];
  throw new AwsError('InvalidGroup.NotFound', `The security group '${unknown}' does not exist`);
}

function readInstanceProfile(world: World, settings: LaunchSettings): string | null {
  const profile = settings.IamInstanceProfile;
  if (profile === undefined) return null;
  const name = profile.Name ?? profile.Arn?.split('/').at(-1) ?? '';
  if (name === world.settings.instanceProfile) return name;
  throw new AwsError(
    'InvalidParameterValue',
    `Value (${name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name`,
  );
}

function readUserData(userData: string | undefined): string | null {
  if (userData === undefined || userData === '') return null;
  if (!/^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(userData)) {
    throw new AwsError('InvalidUserData.Malformed', 'Invalid BASE64 encoding of user data.');
  }
  if (Buffer.from(userData, 'base64').length > USER_DATA_LIMIT_BYTES) {
    throw new AwsError(
      'InvalidUserData.Malformed',
      `User data is limited to ${USER_DATA_LIMIT_BYTES} bytes`,
    );
  }
  return userData;
}

function readSubnets(world: World, settings: LaunchSettings): readonly SubnetRecord[] {
  const { subnets } = world.settings.network;
  const subnetId = settings.SubnetId ?? settings.NetworkInterfaces?.[0]?.SubnetId;
  const zone = settings.Placement?.AvailabilityZone;
  if (subnetId !== undefined) {
    const subnet = subnets.find((one) => one.subnetId === subnetId);
    if (subnet !== undefined) return [subnet];
    throw new AwsError('InvalidSubnetID.NotFound', `The subnet ID '${subnetId}' does not exist`);
  }
  if (zone === undefined) return subnets;
  const inZone = subnets.filter((one) => one.zone === zone);
  if (inZone.length > 0) return inZone;
  throw new AwsError('InvalidParameterValue', `Invalid availability zone: [${zone}]`);
}
