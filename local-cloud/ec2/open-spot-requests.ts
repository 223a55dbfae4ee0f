import { spotPricePerHourUsd } from '../catalogue/spot-price';
import { newId } from '../world/ids';
import type { AskedSpotRequest, LaunchSpec, SpotRequestRecord } from '../world/records';
import { setSpotStatus } from '../world/spot-status';
import type { World } from '../world/world';
import { launch } from './launch';

// How soon a request that could not be fulfilled is looked at again; EC2 names no interval.
const EVALUATE_AGAIN_MS = 1_000;
// DescribeSpotInstanceRequests shows requests that are over for two days.
const OVER_VISIBLE_MS = 48 * 3_600_000;

/** Looks once at every open Spot request: fulfils it, says why not, or ends it. */
export function fulfilSpotRequests(world: World): void {
  const now = +world.now();
  for (const request of world.spotRequests.all()) {
    const { asked, state, instanceId, requestId, statusUpdatedAt } = request;
    if (asked === undefined || instanceId !== null) continue;
    if (state === 'open') evaluate(world, request, asked, now);
    else if (now - Date.parse(statusUpdatedAt) > OVER_VISIBLE_MS) {
      world.spotRequests.remove(requestId);
    }
  }
}

function evaluate(
  world: World,
  request: SpotRequestRecord,
  asked: AskedSpotRequest,
  now: number,
): void {
  const { requestId } = request;
  if (asked.validUntil !== null && now >= Date.parse(asked.validUntil)) {
    setSpotStatus(world, requestId, { state: 'closed', statusCode: 'schedule-expired' });
    return;
  }
  if (now < Date.parse(asked.evaluateAt)) return;
  if (asked.validFrom !== null && now < Date.parse(asked.validFrom)) {
    refuse('not-scheduled-yet');
    return;
  }
  const isOut = world.faults.outOfCapacity(asked.pools);
  const [cheapest] = asked.pools
    .filter((_, index) => isOut[index] === false)
    .map((spec) => ({ spec, price: spotPricePerHourUsd(spec.instanceType, spec.zone, now) }))
    .sort((one, other) => one.price - other.price);
  if (cheapest === undefined) {
    refuse('capacity-not-available');
  } else if (cheapest.price > Number(request.maxPrice)) {
    refuse(
      'price-too-low',
      `Your Spot request price of ${request.maxPrice} is lower than the minimum required Spot request ` +
        `fulfillment price of ${cheapest.price}.`,
    );
  } else fulfil(world, request, cheapest.spec);

  function refuse(statusCode: string, statusMessage?: string): void {
    const evaluateAt = new Date(now + EVALUATE_AGAIN_MS).toISOString();
    setSpotStatus(world, requestId, {
      state: 'open',
      statusCode,
      ...(statusMessage === undefined ? {} : { statusMessage }),
      asked: { ...asked, evaluateAt },
    });
  }
}

function fulfil(world: World, { requestId }: SpotRequestRecord, spec: LaunchSpec): void {
  // There is one already when the server was killed after the launch.
  const launched = world.instances.all().find((one) => one.spotRequestId === requestId);
  const { instanceId, zone, subnetId } =
    launched ??
    launch(world, spec, {
      reservationId: newId('r'),
      launchIndex: 0,
      clientToken: '',
      fleetId: null,
      spotRequestId: requestId,
    });
  setSpotStatus(world, requestId, {
    state: 'active',
    statusCode: 'fulfilled',
    instanceId,
    zone,
    subnetId,
  });
}
