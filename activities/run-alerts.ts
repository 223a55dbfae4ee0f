import { type AlertUpdate, decideAlerts, isNews } from '../domain/alerts';
import type { PurchaseOption } from '../domain/instance';
import type { RunTab } from './contract';
import type { ActivityDependencies } from './dependencies';

const msPerHour = 3_600_000;

/** What to warn of in a run as it is now; null when that is nothing new. */
export function lookForAlerts(
  { alerts }: Pick<ActivityDependencies, 'alerts'>,
  tab: RunTab,
  attempt: {
    readonly purchase: PurchaseOption;
    readonly isOurs: boolean;
    readonly costUsd: number;
    readonly pricePerHourUsd: number | null;
  },
): AlertUpdate | null {
  const update = decideAlerts(
    {
      kind: 'run',
      ageHours: (Date.now() - Date.parse(tab.runStartedAt)) / msPerHour,
      costUsd: tab.endedCostUsd + attempt.costUsd,
      pricePerHourUsd: attempt.pricePerHourUsd,
      isFallback: tab.asksForSpot && attempt.isOurs && attempt.purchase === 'on-demand',
    },
    alerts.thresholds,
    tab.inForce,
  );
  return isNews(update, tab.inForce) ? update : null;
}
