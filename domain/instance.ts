import type { Instant } from './instant';

export type PurchaseOption = 'spot' | 'on-demand';

/** Where a price comes from: EC2's Spot price history, the Pricing API, or the list that runctl brings along. */
export type PriceSource = 'spot-price-history' | 'pricing-api' | `table of ${string}`;

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
  /** What an hour of it cost when it was launched; null when no price is known. */
  readonly pricePerHourUsd: number | null;
  readonly onDemandPricePerHourUsd: number | null;
  /** Where the two prices come from (of an ended attempt: what was paid); absent in what earlier versions wrote. */
  readonly priceSource?: PriceSource | null;
  readonly onDemandPriceSource?: PriceSource | null;
}

/** Why EC2 says an instance is no longer running. `code` is EC2's `StateReason.Code`, or '' where it gives none. */
export interface InstanceGone {
  readonly code: string;
  readonly message: string;
}
