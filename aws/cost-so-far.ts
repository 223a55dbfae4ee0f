import { billFor } from './bill';
import { cached } from './cached';
import type { AwsClients } from './clients';
import type { InstanceView } from './instance-view';
import { launchLimits } from './limits';
import { type Prices, readPrices } from './prices';

/** What an instance costs an hour, and what it has cost since its launch. */
interface CostSoFar {
  /** Null when no price is known. */
  readonly pricePerHourUsd: number | null;
  readonly costUsd: number;
}

/** Makes a reader that asks for the price of each capacity pool once. */
export function createCostReader(
  clients: AwsClients,
): (instance: InstanceView, nowMs: number) => Promise<CostSoFar> {
  const pricesOf = cached(launchLimits.placementCacheMs, (poolKey): Promise<Prices> => {
    const [instanceType = '', zone = '', purchase = ''] = poolKey.split(' ');
    return readPrices(clients, { instanceType, zone }, purchase === 'spot' ? 'spot' : 'on-demand');
  });
  return async (instance, nowMs) => {
    const { instanceType, zone, purchase, launchedAt } = instance;
    const prices = await pricesOf(`${instanceType} ${zone} ${purchase}`);
    const { pricePerHourUsd, onDemandPricePerHourUsd } = prices;
    const isCosting = instance.state === 'pending' || instance.state === 'running';
    const now = new Date(nowMs).toISOString();
    const endedAt = isCosting ? now : (instance.stateChangedAt ?? now);
    const { costUsd } = billFor({ launchedAt, endedAt, pricePerHourUsd, onDemandPricePerHourUsd });
    return {
      pricePerHourUsd: isCosting ? (pricePerHourUsd ?? onDemandPricePerHourUsd) : 0,
      costUsd,
    };
  };
}
