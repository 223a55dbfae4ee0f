import type { PurchaseOption } from './instance';
import type { Instant } from './instant';

/** From `at` on, a Spot pool costs this much, until the next change. */
export interface PriceChange {
  readonly at: Instant;
  readonly pricePerHourUsd: number;
}

/** Why an instance costs nothing although it was launched. */
export type FreeReason = 'interrupted-in-first-hour' | 'never-ran';

/** One instance's turn, as far as the bill asks. */
export interface BilledTurn {
  readonly purchase: PurchaseOption;
  /** When EC2 began to bill: the instance became `running`. Null when it never did. */
  readonly runningAt: Instant | null;
  /** When it became `shutting-down`; for an instance that runs, now. */
  readonly endedAt: Instant;
  /** EC2 took a Spot instance back, as opposed to whoever else ended it. */
  readonly isTakenByEc2: boolean;
  /** Changes of the pool's Spot price, oldest first; empty when no Spot price is known. */
  readonly spotPrices: readonly PriceChange[];
  readonly onDemandPricePerHourUsd: number | null;
}

export interface Bill {
  /** Seconds that are paid for. */
  readonly billedSeconds: number;
  readonly costUsd: number;
  /** What the same time would have cost On-Demand; paid seconds or not. */
  readonly onDemandCostUsd: number;
  readonly freeBecause: FreeReason | null;
}

const secondsPerHour = 3_600;
/** EC2's least: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html */
const leastSeconds = 60;

/**
 * EC2's rules for Linux: by the second from running to shutting-down, one minute at least. Each instance-hour of a Spot
 * instance costs what the pool cost at its beginning; one that EC2 takes back within its first hour costs nothing.
 *
 * Where no Spot price is known the On-Demand price counts, which a Spot price never exceeds.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-for-interrupted-spot-instances.html
 * @see https://aws.amazon.com/blogs/compute/new-amazon-ec2-spot-pricing/ ("in effect at the beginning of each instance-hour")
 */
export function billFor(turn: BilledTurn): Bill {
  const { runningAt, endedAt, purchase } = turn;
  if (runningAt === null) {
    return { billedSeconds: 0, costUsd: 0, onDemandCostUsd: 0, freeBecause: 'never-ran' };
  }
  const usedSeconds = secondOf(endedAt) - secondOf(runningAt);
  const seconds = Math.max(usedSeconds, leastSeconds);
  const onDemandCostUsd = ((turn.onDemandPricePerHourUsd ?? 0) * seconds) / secondsPerHour;
  if (purchase === 'spot' && turn.isTakenByEc2 && usedSeconds < secondsPerHour) {
    const freeBecause = 'interrupted-in-first-hour';
    return { billedSeconds: 0, costUsd: 0, onDemandCostUsd, freeBecause };
  }
  const isByHistory = purchase === 'spot' && turn.spotPrices.length > 0;
  const costUsd = isByHistory ? spotCost(turn.spotPrices, runningAt, seconds) : onDemandCostUsd;
  return {
    billedSeconds: seconds,
    costUsd,
    // A Spot price without a list price beside it: then nothing is known to be saved.
    onDemandCostUsd: turn.onDemandPricePerHourUsd === null ? costUsd : onDemandCostUsd,
    freeBecause: null,
  };
}

function spotCost(prices: readonly PriceChange[], runningAt: Instant, seconds: number): number {
  let costUsd = 0;
  // One round for each hour that the instance ran.
  for (let from = 0; from < seconds; from += secondsPerHour) {
    const price = priceAt(prices, Date.parse(runningAt) + from * 1_000);
    costUsd += (price * Math.min(secondsPerHour, seconds - from)) / secondsPerHour;
  }
  return costUsd;
}

/** The price in effect at a moment; before the first change that is known, the price of that. Zero of none. */
export function priceAt(prices: readonly PriceChange[], atMs: number): number {
  const inEffect = prices.findLast((change) => Date.parse(change.at) <= atMs) ?? prices[0];
  return inEffect?.pricePerHourUsd ?? 0;
}

/** The beginning of the instance-hour that a moment lies in: from then its price holds. */
export function instanceHourAt(runningAt: Instant, atMs: number): number {
  const from = Date.parse(runningAt);
  const hours = Math.floor(Math.max(atMs - from, 0) / (secondsPerHour * 1_000));
  return from + hours * secondsPerHour * 1_000;
}

/**
 * How many seconds after its launch an instance has cost so much that its run has reached its limit; null for never, and
 * where no price is known. The first minute is owed with the launch: to end it earlier would save nothing.
 */
export function secondsUntilLimit(run: {
  readonly maxCostUsd: number | null;
  /** Of the attempts that have ended. */
  readonly endedCostUsd: number;
  readonly pricePerHourUsd: number | null;
}): number | null {
  const { maxCostUsd, endedCostUsd, pricePerHourUsd } = run;
  if (maxCostUsd === null || pricePerHourUsd === null || pricePerHourUsd === 0) return null;
  const seconds = ((maxCostUsd - endedCostUsd) / pricePerHourUsd) * secondsPerHour;
  return Math.max(seconds, leastSeconds);
}

/** EC2 tells states, and bills, by the whole second. */
const secondOf = (at: Instant): number => Math.floor(Date.parse(at) / 1_000);

/** An instance boots within about this time; who looked later than that knows no better than the launch. */
const longestBootMs = 30_000;

/**
 * When an instance became running, which EC2 tells nobody: between the last look that saw it pending and the first that
 * saw it running, so in the middle. Where nobody looked for long the earlier end counts, which is never too cheap.
 */
export function estimateRunningAt(seen: {
  readonly launchedAt: Instant;
  /** The last look that saw it pending; null when none did. */
  readonly pendingAt: Instant | null;
  /** The first look that saw it running. */
  readonly seenRunningAt: Instant;
}): Instant {
  const launched = Date.parse(seen.launchedAt);
  const from = Math.max(launched, seen.pendingAt === null ? launched : Date.parse(seen.pendingAt));
  const gap = Math.max(Date.parse(seen.seenRunningAt) - from, 0);
  return new Date(gap > longestBootMs ? from : from + gap / 2).toISOString();
}

/** What is saved against On-Demand, as a share from 0 to 1; 0 where nothing was spent. */
export const savedShare = (costUsd: number, onDemandCostUsd: number): number =>
  onDemandCostUsd > 0 ? 1 - costUsd / onDemandCostUsd : 0;
