import { type PriceChange, priceAt } from '../domain/bill';
import type { CapacityPool, PurchaseOption, PriceSource } from '../domain/instance';
import type { AwsClients } from './clients';
import { priceLimits } from './limits';
import { createOnDemandPrices, type OnDemandPrice, type OnDemandPrices } from './on-demand-prices';
import { createSpotPrices, type SpotPrices } from './spot-prices';

/** What instances cost in one account and region; asked for by all runs of a worker together. */
export interface PriceBook {
  readonly spot: SpotPrices;
  readonly onDemand: OnDemandPrices;
}

export const createPriceBook = (clients: AwsClients, region: string): PriceBook => ({
  spot: createSpotPrices(clients.ec2),
  onDemand: createOnDemandPrices(clients.pricing, region),
});

/** What an hour costs as it is paid, and On-Demand; null when no price is known. */
export interface Prices {
  readonly pricePerHourUsd: number | null;
  readonly onDemandPricePerHourUsd: number | null;
  readonly priceSource: PriceSource | null;
  readonly onDemandPriceSource: PriceSource | null;
}

/** The prices of a pool now. Never fails. */
export async function readPrices(
  book: PriceBook,
  pool: CapacityPool,
  purchase: PurchaseOption,
): Promise<Prices> {
  const nowMs = Date.now();
  // From a while ago, so that the first look at an instance of now finds all it needs.
  const fromMs = asOf(nowMs);
  const { changes, onDemand } = await readHistory(book, pool, purchase, fromMs, fromMs);
  return pricesAt(changes, onDemand, nowMs);
}

/** For an estimate the prices of a moment ago will do: that many runs look often costs no more calls. */
export const asOf = (atMs: number): number => Math.min(atMs, Date.now() - priceLimits.spotCacheMs);

/** The prices that a bill is made of: the changes of the Spot price since a moment (none for On-Demand), and the list price. */
export async function readHistory(
  book: PriceBook,
  pool: CapacityPool,
  purchase: PurchaseOption,
  fromMs: number,
  neededAtMs: number,
): Promise<{ readonly changes: readonly PriceChange[]; readonly onDemand: OnDemandPrice }> {
  const [changes, onDemand] = await Promise.all([
    purchase === 'spot' ? book.spot.read(pool, fromMs, neededAtMs) : Promise.resolve([]),
    book.onDemand(pool.instanceType),
  ]);
  return { changes, onDemand };
}

/** Pure: without a Spot price the list price counts, which is never too cheap. */
export function pricesAt(
  changes: readonly PriceChange[],
  onDemand: OnDemandPrice,
  atMs: number,
): Prices {
  const hasSpotPrice = changes.length > 0;
  return {
    pricePerHourUsd: hasSpotPrice ? priceAt(changes, atMs) : onDemand.pricePerHourUsd,
    onDemandPricePerHourUsd: onDemand.pricePerHourUsd,
    priceSource: hasSpotPrice ? 'spot-price-history' : onDemand.source,
    onDemandPriceSource: onDemand.source,
  };
}
