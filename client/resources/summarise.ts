import type { HeldInstance } from './held-instances';
import type { StorageTotals } from './held-storage';

/** What an account holds of ours, in a few numbers: the document of `resources summary`. */
export interface ResourceSummary {
  readonly instanceCount: number;
  readonly byState: Readonly<Record<string, number>>;
  readonly byPurchase: Readonly<Record<string, number>>;
  readonly orphanCount: number;
  /** What runs now costs an hour; instances without a known price are not in it. */
  readonly usdPerHour: number;
  /** The same for 24 hours. */
  readonly usdPerDay: number;
  readonly unpricedCount: number;
  /** Of the live instances since their launches. */
  readonly costSoFarUsd: number;
  readonly storage: StorageTotals;
}

const hoursPerDay = 24;

/** Adds up the instances that runs have launched. */
export function summarise(
  instances: readonly HeldInstance[],
  storage: StorageTotals,
): ResourceSummary {
  const ours = instances.filter(({ ownership }) => ownership !== 'not-ours');
  const usdPerHour = ours.reduce((sum, { pricePerHourUsd }) => sum + (pricePerHourUsd ?? 0), 0);
  return {
    instanceCount: ours.length,
    byState: countBy(ours, ({ state }) => state),
    byPurchase: countBy(ours, ({ purchase }) => purchase),
    orphanCount: ours.filter(({ ownership }) => ownership === 'orphan').length,
    usdPerHour,
    usdPerDay: usdPerHour * hoursPerDay,
    unpricedCount: ours.filter(({ pricePerHourUsd }) => pricePerHourUsd === null).length,
    costSoFarUsd: ours.reduce((sum, { costUsd }) => sum + costUsd, 0),
    storage,
  };
}

function countBy(
  instances: readonly HeldInstance[],
  of: (instance: HeldInstance) => string,
): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const instance of instances) counts[of(instance)] = (counts[of(instance)] ?? 0) + 1;
  return counts;
}
