import { DescribeSpotPriceHistoryCommand } from '@aws-sdk/client-ec2';
import type { CapacityPool, PurchaseOption } from '../domain/instance';
import type { AwsClients } from './clients';
import onDemandTable from './on-demand-prices.json';

export interface Prices {
  /** What an hour costs now as it is paid; null when no price is known. */
  readonly pricePerHourUsd: number | null;
  readonly onDemandPricePerHourUsd: number | null;
}

/** The price of an instance in a pool. A price that cannot be read is null: no launch fails for want of one. */
export async function readPrices(
  clients: AwsClients,
  pool: CapacityPool,
  purchase: PurchaseOption,
): Promise<Prices> {
  const onDemandPricePerHourUsd = onDemandPrice(pool.instanceType);
  if (purchase === 'on-demand') {
    return { pricePerHourUsd: onDemandPricePerHourUsd, onDemandPricePerHourUsd };
  }
  return { pricePerHourUsd: await readSpotPrice(clients, pool), onDemandPricePerHourUsd };
}

/** The list price in us-east-1 at the table's date; null for a type that is not in it. Other regions cost a bit more. */
export function onDemandPrice(instanceType: string): number | null {
  const prices: Readonly<Record<string, number>> = onDemandTable.usdPerHour;
  return prices[instanceType] ?? null;
}

async function readSpotPrice(clients: AwsClients, pool: CapacityPool): Promise<number | null> {
  const now = new Date();
  try {
    const reply = await clients.ec2.send(
      new DescribeSpotPriceHistoryCommand({
        Filters: [
          { Name: 'instance-type', Values: [pool.instanceType] },
          { Name: 'availability-zone', Values: [pool.zone] },
          { Name: 'product-description', Values: ['Linux/UNIX'] },
        ],
        // A start brings the last change before it too, so this is the price now.
        StartTime: now,
        EndTime: now,
      }),
    );
    const price = Number(reply.SpotPriceHistory?.[0]?.SpotPrice);
    return Number.isFinite(price) && price > 0 ? price : null;
  } catch {
    // The price is for the report only; the instance runs already.
    return null;
  }
}
