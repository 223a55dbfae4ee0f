import type { Instant } from './instant';

export type PurchaseOption = 'spot' | 'on-demand';

/** One instance type in one Availability Zone. */
export interface CapacityPool {
  readonly instanceType: string;
  readonly zone: string;
}

export interface LaunchedInstance extends CapacityPool {
  readonly instanceId: string;
  readonly purchase: PurchaseOption;
  readonly launchedAt: Instant;
  /** False for an instance of the user's, which is never terminated by us. */
  readonly isOurs: boolean;
  /** What an hour of it costs now; null when no price is known. */
  readonly pricePerHourUsd: number | null;
  readonly onDemandPricePerHourUsd: number | null;
}

/** Why EC2 says an instance is no longer running. `code` is EC2's `StateReason.Code`, or '' where it gives none. */
export interface InstanceGone {
  readonly code: string;
  readonly message: string;
}
