import { billFor, instanceHourAt } from '../domain/bill';
import type { CapacityPool, PurchaseOption } from '../domain/instance';
import type { Instant } from '../domain/instant';
import type { CostSoFar } from '../domain/watch-details';
import type { InstanceView } from './instance-view';
import { asOf, pricesAt, readHistory, type PriceBook } from './prices';

/** What an instance would cost if it ended now. Never fails: a price that is not known is null. */
export async function readCostSoFar(
  book: PriceBook,
  instance: CapacityPool & { readonly purchase: PurchaseOption },
  runningAt: Instant,
  nowMs: number,
): Promise<CostSoFar> {
  const { purchase } = instance;
  const hourMs = instanceHourAt(runningAt, nowMs);
  const fromMs = Date.parse(runningAt);
  const { changes, onDemand } = await readHistory(book, instance, purchase, fromMs, asOf(hourMs));
  const at = new Date(nowMs).toISOString();
  const { billedSeconds, costUsd, onDemandCostUsd } = billFor({
    purchase,
    runningAt,
    endedAt: at,
    isTakenByEc2: false,
    spotPrices: changes,
    onDemandPricePerHourUsd: onDemand.pricePerHourUsd,
  });
  const { pricePerHourUsd, onDemandPricePerHourUsd, priceSource } = pricesAt(
    changes,
    onDemand,
    hourMs,
  );
  return {
    ...{ at, runningAt, billedSeconds, costUsd, onDemandCostUsd },
    ...{ pricePerHourUsd, onDemandPricePerHourUsd, priceSource },
  };
}

/** What an instance costs an hour now, and what it has cost since its launch, which is some seconds before its bill begins. */
export async function readInstanceCost(
  book: PriceBook,
  view: InstanceView,
  nowMs: number,
): Promise<{ readonly pricePerHourUsd: number | null; readonly costUsd: number }> {
  const isCosting = view.state === 'pending' || view.state === 'running';
  const endedAt = isCosting ? null : view.stateChangedAt;
  const untilMs = endedAt === null ? nowMs : Date.parse(endedAt);
  const { pricePerHourUsd, costUsd } = await readCostSoFar(book, view, view.launchedAt, untilMs);
  return { pricePerHourUsd: isCosting ? pricePerHourUsd : 0, costUsd };
}
