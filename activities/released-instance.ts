import { billFor } from '../aws/bill';
import type { Cloud } from '../aws/connect-cloud';
import type { InstanceView } from '../aws/instance-view';
import { readPrices } from '../aws/prices';
import type { LaunchedInstance } from '../domain/instance';
import { attemptNumberOf } from '../domain/orphans';
import type { ReleasedInstance } from './contract';

/** The bill of each instance that has ended; `known` is one of them as it was at its launch, with the prices of then. */
export async function billAll(
  cloud: Cloud,
  ended: readonly InstanceView[],
  known: LaunchedInstance | null,
): Promise<ReleasedInstance[]> {
  return Promise.all(
    ended.map(async (view) => {
      const instance = view.instanceId === known?.instanceId ? known : await describe(cloud, view);
      const bill = billFor({
        launchedAt: view.launchedAt,
        // EC2 gives the moment for a while; then this is the moment that we saw it.
        endedAt: view.stateChangedAt ?? new Date().toISOString(),
        pricePerHourUsd: instance.pricePerHourUsd,
        onDemandPricePerHourUsd: instance.onDemandPricePerHourUsd,
      });
      return { attemptNumber: attemptNumberOf(view), instance, ...bill };
    }),
  );
}

async function describe(cloud: Cloud, view: InstanceView): Promise<LaunchedInstance> {
  const { instanceId, instanceType, zone, purchase, launchedAt } = view;
  const prices = await readPrices(cloud.clients, view, purchase);
  return { instanceId, instanceType, zone, purchase, launchedAt, isOurs: true, ...prices };
}
