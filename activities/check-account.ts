import { readPrices } from '../aws/prices';
import { decideAlerts } from '../domain/alerts';
import type { AccountCheck } from './contract';
import type { ActivityDependencies } from './dependencies';

/** @see ControlActivities.checkAccount */
export async function checkAccount(
  { cloud, alerts }: Pick<ActivityDependencies, 'cloud' | 'alerts'>,
  { inForce }: { readonly inForce: readonly string[] },
): Promise<AccountCheck> {
  // A launch asks for this look: what EC2 said before that launch does not answer it.
  const { instances } = await cloud.live.read(0);
  const prices = await Promise.all(
    instances.map(
      async (view) => (await readPrices(cloud.prices, view, view.purchase)).pricePerHourUsd,
    ),
  );
  const known = prices.filter((price) => price !== null);
  const isKnown = known.length > 0 || instances.length === 0;
  const pricePerHourUsd = isKnown ? known.reduce((sum, price) => sum + price, 0) : null;
  const instanceCount = instances.length;
  const observed = { kind: 'account', pricePerHourUsd, instanceCount } as const;
  return {
    instanceCount,
    pricePerHourUsd,
    alerts: decideAlerts(observed, alerts.thresholds, inForce),
  };
}
