import { spotPricePerHourUsd } from '../catalogue/spot-price';
import { AwsError } from '../wire/aws-error';
import { newId, newSpotRequestId } from '../world/ids';
import { privateIp } from '../world/network';
import type { InstanceRecord, LaunchSpec } from '../world/records';
import type { World } from '../world/world';

/** What a launch adds to its spec. */
export interface LaunchIdentity {
  readonly reservationId: string;
  readonly launchIndex: number;
  readonly clientToken: string;
  readonly fleetId: string | null;
  /** The open request that is fulfilled by it; without one, a Spot instance gets a request of its own. */
  readonly spotRequestId?: string;
}

/** Creates one instance, pending, with its Spot request. It is on disk, and will boot, once this returns. */
export function launch(world: World, spec: LaunchSpec, identity: LaunchIdentity): InstanceRecord {
  const instanceId = newId('i');
  const launchedAt = world.now().toISOString();
  const subnet = world.settings.network.subnets.find((one) => one.subnetId === spec.subnetId);
  if (subnet === undefined) throw new Error(`No subnet ${spec.subnetId} in this world.`);
  return world.instances.put(instanceId, {
    ...spec,
    ...identity,
    instanceId,
    spotRequestId:
      identity.spotRequestId ??
      (spec.purchase === 'spot' ? openSpotRequest(world, spec, instanceId) : null),
    privateIp: privateIp(subnet, world.instances.all().length),
    state: 'pending',
    stateReason: null,
    launchedAt,
    bootSeconds: world.faults.nextBootSeconds() ?? world.bootSeconds,
    ssmOnlineAt: null,
    ssmSilentSince: null,
    endingAt: null,
    terminatedAt: null,
    boot: null,
    metadataPort: null,
    interruption: null,
    billed: [],
    credentials: [],
  });
}

function openSpotRequest(world: World, spec: LaunchSpec, instanceId: string): string {
  const requestId = newSpotRequestId();
  const now = world.now().toISOString();
  world.spotRequests.put(requestId, {
    requestId,
    instanceId,
    instanceType: spec.instanceType,
    zone: spec.zone,
    imageId: spec.imageId,
    subnetId: spec.subnetId,
    state: 'active',
    statusCode: 'fulfilled',
    statusMessage: 'Your spot request is fulfilled.',
    statusUpdatedAt: now,
    createdAt: now,
    maxPrice: spotPricePerHourUsd(spec.instanceType, spec.zone, Date.parse(now)).toFixed(6),
    tags: spec.spotRequestTags,
  });
  return requestId;
}

/** EC2's answer when a pool has nothing left. A server error: it is a 500 and no fault of the caller's. */
export function capacityError(spec: LaunchSpec): AwsError {
  const message =
    spec.purchase === 'spot'
      ? 'There is no Spot capacity available that matches your request.'
      : `We currently do not have sufficient ${spec.instanceType} capacity in the Availability Zone you requested ` +
        `(${spec.zone}). Our system will be working on provisioning additional capacity.`;
  return new AwsError('InsufficientInstanceCapacity', message, 500);
}

/** Refuses a maximum price below the present price. @throws AwsError SpotMaxPriceTooLow. */
export function checkMaxPrice(world: World, spec: LaunchSpec, maxPrice: string | undefined): void {
  if (spec.purchase !== 'spot' || maxPrice === undefined) return;
  const price = spotPricePerHourUsd(spec.instanceType, spec.zone, +world.now());
  if (Number(maxPrice) >= price) return;
  throw new AwsError(
    'SpotMaxPriceTooLow',
    `Your Spot request price of ${maxPrice} is lower than the minimum required Spot request ` +
      `fulfillment price of ${price}.`,
  );
}
