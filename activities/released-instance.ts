import { billFor } from '../aws/bill';
import type { Cloud } from '../aws/connect-cloud';
import type { InstanceView } from '../aws/instance-view';
import { readPrices } from '../aws/prices';
import type { LaunchedInstance } from '../domain/instance';
import { attemptNumberOf } from '../domain/orphans';
import type { ReleasedInstance } from './contract';

/** The bill of each instance that has ended; `known` has the prices of one of them as they were at its launch. */
export async function billAll(
  cloud: Cloud,
  ended: readonly InstanceView[],
  known: LaunchedInstance | null,
): Promise<ReleasedInstance[]> {
  return Promise.all(
    ended.map(async (view) => {
      const prices =
        view.instanceId === known?.instanceId
          ? known
          : await readPrices(cloud.clients, view, view.purchase);
      const bill = billFor({
        launchedAt: view.launchedAt,
        // EC2 gives the moment for a while; then this is the moment that we saw it.
        endedAt: view.stateChangedAt ?? new Date().toISOString(),
        pricePerHourUsd: prices.pricePerHourUsd,
        onDemandPricePerHourUsd: prices.onDemandPricePerHourUsd,
      });
      return { instanceId: view.instanceId, attemptNumber: attemptNumberOf(view), ...bill };
    }),
  );
}
