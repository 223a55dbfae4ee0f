import { findInstanceType } from '../catalogue/instance-types';
import { SPOT_PRICE_PERIOD_MS, spotPricePerHourUsd } from '../catalogue/spot-price';
import type { BilledInterval, InstanceRecord } from './records';

const MINIMUM_MS = 60_000;
const HOUR_MS = 3_600_000;

/**
 * What an instance has cost so far, in USD: per second from running to shutting-down, one minute at least each time it
 * ran, at the Spot price in effect at each moment or at the On-Demand price.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
 */
export function instanceCostUsd(instance: InstanceRecord, now: Date): number {
  const cost = instance.billed
    .map((interval) => billedSpan(interval, now))
    .reduce((sum, span) => sum + spanCostUsd(instance, span), 0);
  return Math.round(cost * 1e6) / 1e6;
}

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

function billedSpan({ from, to }: BilledInterval, now: Date): Span {
  const fromMs = Date.parse(from);
  return { fromMs, toMs: Math.max(to === null ? +now : Date.parse(to), fromMs + MINIMUM_MS) };
}

function spanCostUsd(instance: InstanceRecord, { fromMs, toMs }: Span): number {
  if (instance.purchase === 'on-demand') {
    const price = findInstanceType(instance.instanceType)?.onDemandPricePerHourUsd ?? 0;
    return (price * (toMs - fromMs)) / HOUR_MS;
  }
  let cost = 0;
  // One round for each period of constant price, so bounded by the instance's age.
  for (let startMs = fromMs; startMs < toMs;) {
    const periodEndMs = (Math.floor(startMs / SPOT_PRICE_PERIOD_MS) + 1) * SPOT_PRICE_PERIOD_MS;
    const endMs = Math.min(toMs, periodEndMs);
    const price = spotPricePerHourUsd(instance.instanceType, instance.zone, startMs);
    cost += (price * (endMs - startMs)) / HOUR_MS;
    startMs = endMs;
  }
  return cost;
}
