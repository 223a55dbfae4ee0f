import { findInstanceType } from '../catalogue/instance-types';
import { spotPricePerHourUsd } from '../catalogue/spot-price';
import type { BilledInterval, InstanceRecord } from './records';

const MINIMUM_SECONDS = 60;
const HOUR_SECONDS = 3_600;

/**
 * What an instance has cost so far, in USD: by the second from running to shutting-down, one minute at least each time it
 * ran. Each instance-hour of a Spot instance costs what its pool cost when that hour began; a Spot instance that EC2 took
 * back within its first hour costs nothing.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-for-interrupted-spot-instances.html
 * @see https://aws.amazon.com/blogs/compute/new-amazon-ec2-spot-pricing/
 */
export function instanceCostUsd(instance: InstanceRecord, now: Date): number {
  const cost = instance.billed
    .map((interval) => intervalCostUsd(instance, interval, now))
    .reduce((sum, part) => sum + part, 0);
  return Math.round(cost * 1e6) / 1e6;
}

function intervalCostUsd(instance: InstanceRecord, interval: BilledInterval, now: Date): number {
  const fromSecond = secondOf(Date.parse(interval.from));
  const toSecond = secondOf(interval.to === null ? +now : Date.parse(interval.to));
  const used = toSecond - fromSecond;
  const billed = Math.max(used, MINIMUM_SECONDS);
  if (instance.purchase === 'on-demand') {
    const price = findInstanceType(instance.instanceType)?.onDemandPricePerHourUsd ?? 0;
    return (price * billed) / HOUR_SECONDS;
  }
  const isTaken = interval.to !== null && instance.stateReason?.code === TAKEN_BACK;
  if (isTaken && used < HOUR_SECONDS) return 0;
  let cost = 0;
  // One round for each instance-hour, so bounded by the instance's age.
  for (let second = 0; second < billed; second += HOUR_SECONDS) {
    const { instanceType, zone } = instance;
    const price = spotPricePerHourUsd(instanceType, zone, (fromSecond + second) * 1000);
    cost += (price * Math.min(HOUR_SECONDS, billed - second)) / HOUR_SECONDS;
  }
  return cost;
}

const TAKEN_BACK = 'Server.SpotInstanceTermination';

/** EC2 tells the moments of its states by the whole second. */
function secondOf(atMs: number): number {
  return Math.floor(atMs / 1000);
}
