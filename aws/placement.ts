import {
  DescribeInstanceTypeOfferingsCommand,
  DescribeSubnetsCommand,
  type EC2Client,
} from '@aws-sdk/client-ec2';
import { Failure } from '../domain/failure';
import type { CapacityPool } from '../domain/instance';
import { cached } from './cached';
import type { CloudSettings } from './cloud-settings';
import { launchLimits } from './limits';

/** A capacity pool and the subnet that leads to it. */
export interface PlacedPool extends CapacityPool {
  readonly subnetId: string;
}

interface Subnet {
  readonly subnetId: string;
  readonly zone: string;
}

export interface Placement {
  /** The subnets to launch in. */
  subnets(): Promise<readonly Subnet[]>;
  /** The zones that offer an instance type; empty for a type the region does not have. */
  zonesOffering(instanceType: string): Promise<readonly string[]>;
}

/** Makes the reader of what this account and region offer; answers are kept for minutes. */
export function createPlacement(ec2: EC2Client, settings: CloudSettings): Placement {
  const subnets = cached(launchLimits.placementCacheMs, () => describeSubnets(ec2, settings));
  const zones = cached(launchLimits.placementCacheMs, (type) => describeOfferings(ec2, type));
  return { subnets: () => subnets(''), zonesOffering: zones };
}

/**
 * The pools of a request: types × zones that offer the type and have a subnet, less those to avoid unless no other is
 * left.
 *
 * @throws unknown-instance-type  A type that no zone of the region offers, such as a misspelt one.
 * @throws launch-refused         No subnet, or none in a zone that offers a type.
 */
export async function placePools(
  placement: Placement,
  request: {
    readonly instanceTypes: readonly string[];
    readonly zones: readonly string[];
    readonly avoidPools: readonly CapacityPool[];
  },
): Promise<readonly PlacedPool[]> {
  const subnets = (await placement.subnets()).filter(
    (subnet) => request.zones.length === 0 || request.zones.includes(subnet.zone),
  );
  if (subnets.length === 0) throw noSubnet(request.zones);
  const pools: PlacedPool[] = [];
  for (const instanceType of request.instanceTypes) {
    const offered = await placement.zonesOffering(instanceType);
    if (offered.length === 0) throw unknownType(instanceType);
    for (const subnet of subnets) {
      if (offered.includes(subnet.zone)) pools.push({ instanceType, ...subnet });
    }
  }
  if (pools.length === 0) throw notOffered(request.instanceTypes, subnets);
  const preferred = pools.filter((pool) => !request.avoidPools.some((bad) => isSame(pool, bad)));
  return (preferred.length > 0 ? preferred : pools).slice(0, launchLimits.maxPools);
}

const isSame = (one: CapacityPool, other: CapacityPool): boolean =>
  one.instanceType === other.instanceType && one.zone === other.zone;

const unknownType = (instanceType: string): Failure =>
  new Failure('unknown-instance-type', `No zone of the region offers ${instanceType}.`, {
    why: 'DescribeInstanceTypeOfferings lists it nowhere.',
  });

const noSubnet = (zones: readonly string[]): Failure =>
  new Failure('launch-refused', `There is no subnet ${inZones(zones)}.`, {
    why: 'An instance needs a subnet in its zone.',
    next: 'Name subnets in .runctl.toml (`subnetIds`), create the default ones (`aws ec2 create-default-subnet`), or allow other zones.',
  });

const notOffered = (types: readonly string[], subnets: readonly Subnet[]): Failure =>
  new Failure(
    'launch-refused',
    `${types.join(', ')}: not offered ${inZones(subnets.map((subnet) => subnet.zone))}.`,
    { next: 'Allow other zones, add subnets in them, or add instance types.' },
  );

const inZones = (zones: readonly string[]): string =>
  zones.length === 0 ? 'in this region' : `in ${[...new Set(zones)].join(', ')}`;

async function describeSubnets(
  ec2: EC2Client,
  settings: CloudSettings,
): Promise<readonly Subnet[]> {
  const reply = await ec2.send(
    new DescribeSubnetsCommand(
      settings.subnetIds.length > 0
        ? { SubnetIds: [...settings.subnetIds] }
        : { Filters: [{ Name: 'default-for-az', Values: ['true'] }] },
    ),
  );
  const perZone = new Map<string, Subnet>();
  for (const subnet of reply.Subnets ?? []) {
    const { SubnetId: subnetId, AvailabilityZone: zone } = subnet;
    // One override per type and zone: EC2 refuses two subnets of one zone in an instant fleet.
    if (subnetId !== undefined && zone !== undefined && !perZone.has(zone)) {
      perZone.set(zone, { subnetId, zone });
    }
  }
  return [...perZone.values()].sort((one, other) => one.zone.localeCompare(other.zone));
}

async function describeOfferings(ec2: EC2Client, type: string): Promise<readonly string[]> {
  const reply = await ec2.send(
    new DescribeInstanceTypeOfferingsCommand({
      LocationType: 'availability-zone',
      Filters: [{ Name: 'instance-type', Values: [type] }],
    }),
  );
  return (reply.InstanceTypeOfferings ?? [])
    .map((offering) => offering.Location)
    .filter((zone) => zone !== undefined);
}
