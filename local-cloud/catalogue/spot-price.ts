import { createHash } from 'node:crypto';
import { findInstanceType } from './instance-types';

/** A Spot price lasts this long; AWS changes them gradually, a few times a day. */
export const SPOT_PRICE_PERIOD_MS = 4 * 3_600_000;

// A pool's long-term level lies between these shares of the On-Demand price, and moves by at most SWING around it.
const LOWEST_SHARE = 0.3;
const HIGHEST_SHARE = 0.62;
const SWING = 0.12;

/**
 * The Spot price of a pool at a moment, in USD per hour. A function of pool and time alone, so that the history, the
 * bill and the allocation strategy always agree, and below the On-Demand price.
 */
export function spotPricePerHourUsd(instanceType: string, zone: string, atMs: number): number {
  const type = findInstanceType(instanceType);
  if (type === undefined) return 0;
  const pool = `${instanceType}/${zone}`;
  const level = LOWEST_SHARE + (HIGHEST_SHARE - LOWEST_SHARE) * fraction(pool);
  const period = Math.floor(atMs / SPOT_PRICE_PERIOD_MS);
  const swing = 1 + SWING * (2 * fraction(`${pool}/${period}`) - 1);
  return Math.round(type.onDemandPricePerHourUsd * level * swing * 1e6) / 1e6;
}

/** A number in [0, 1) that depends on the text alone. */
function fraction(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
