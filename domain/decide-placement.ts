import type { CapacityPool, PurchaseOption } from './instance';
import type { Instant } from './instant';
import { limits } from './limits';
import type { Budgets, CapacityRequest } from './run-spec';

/** One shortage: from the first launch that found no capacity to the launch that does. */
export interface Shortage {
  readonly since: Instant;
  /** Launches that found none. */
  readonly failedLaunches: number;
  readonly message: string;
}

/** A pool that had no capacity, or whose instance was taken back, a short while ago. */
export interface AvoidedPool extends CapacityPool {
  readonly failedAt: Instant;
}

export type PlacementStep =
  | { readonly kind: 'launch'; readonly purchase: PurchaseOption }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'give-up'; readonly message: string };

/** Waiting grows from seconds to minutes: a shortage ends within one or lasts for hours. */
const waitSeconds = [15, 30, 60, 120, 240, 300] as const;

/** How the launch after so many failed ones is paid. Spot is tried twice, then On-Demand and Spot in turn. */
export function purchaseFor(request: CapacityRequest, failedLaunches: number): PurchaseOption {
  if (request.kind === 'existing-instance') return 'on-demand';
  const isFallbackTurn = failedLaunches >= 2 && failedLaunches % 2 === 0;
  return request.fallback === 'on-demand' && isFallbackTurn ? 'on-demand' : request.purchase;
}

/**
 * Decides what follows a launch that found no capacity: EC2 has looked at all pools by then, so it is waiting, or
 * On-Demand where that is allowed, until the wait has used up its budget.
 *
 * @param now milliseconds since 1970.
 */
export function decidePlacement(
  shortage: Shortage,
  request: CapacityRequest,
  budgets: Budgets,
  now: number,
): PlacementStep {
  const waitedSeconds = Math.floor((now - Date.parse(shortage.since)) / 1000);
  const remainingSeconds = budgets.maxCapacityWaitSeconds - waitedSeconds;
  const asked = request.kind === 'launch' ? request.purchase : 'on-demand';
  const purchase = purchaseFor(request, shortage.failedLaunches);
  const isFallback = purchase !== asked;
  // On-Demand is another market: nothing is gained by waiting before it is asked.
  if (isFallback) return { kind: 'launch', purchase };
  if (remainingSeconds > 0) {
    const backOff = waitSeconds[Math.min(shortage.failedLaunches, waitSeconds.length) - 1] ?? 15;
    return { kind: 'wait', seconds: Math.min(backOff, remainingSeconds) };
  }
  const mayStillFallBack =
    request.kind === 'launch' &&
    request.fallback === 'on-demand' &&
    request.purchase === 'spot' &&
    shortage.failedLaunches < 2;
  if (mayStillFallBack) return { kind: 'launch', purchase: 'on-demand' };
  return {
    kind: 'give-up',
    message: `No capacity after ${shortage.failedLaunches} tries in ${waitedSeconds} seconds. ${shortage.message}`,
  };
}

/** Adds pools that just failed; the oldest and the expired ones go. */
export function avoidPools(
  avoided: readonly AvoidedPool[],
  failed: readonly CapacityPool[],
  now: number,
): AvoidedPool[] {
  const failedAt = new Date(now).toISOString();
  const isSame = (a: CapacityPool, b: CapacityPool) =>
    a.instanceType === b.instanceType && a.zone === b.zone;
  const kept = stillAvoided(avoided, now).filter((pool) => !failed.some((b) => isSame(pool, b)));
  const added = failed.map(({ instanceType, zone }) => ({ instanceType, zone, failedAt }));
  return [...kept, ...added].slice(-limits.avoidedPools);
}

/** The pools that are to be avoided now. */
export const stillAvoided = (avoided: readonly AvoidedPool[], now: number): AvoidedPool[] =>
  avoided.filter((pool) => now - Date.parse(pool.failedAt) < limits.avoidPoolSeconds * 1000);
