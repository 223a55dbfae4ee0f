import type {
  DescribeSpotPriceHistoryRequest,
  DescribeSpotPriceHistoryResult,
  SpotPrice,
} from '@aws-sdk/client-ec2';
import { listInstanceTypes } from '../catalogue/instance-types';
import { SPOT_PRICE_PERIOD_MS, spotPricePerHourUsd } from '../catalogue/spot-price';
import { AwsError } from '../wire/aws-error';
import { page } from '../wire/paging';
import type { Ec2Context } from './context';
import { checkDryRun } from './dry-run';
import { filterBy } from './filters';

const HISTORY_MS = 90 * 24 * 3_600_000;
const PAGE_LIMIT = 1000;
const PRODUCTS = ['Linux/UNIX', 'Linux/UNIX (Amazon VPC)'];

interface Pool {
  readonly instanceType: string;
  readonly zone: string;
  readonly zoneId: string;
}

/**
 * DescribeSpotPriceHistory, newest first. The last change before the start is a part of the answer, so that
 * StartTime = EndTime = now tells the present prices.
 */
export function describeSpotPriceHistory(
  { world }: Ec2Context,
  request: DescribeSpotPriceHistoryRequest,
): DescribeSpotPriceHistoryResult {
  checkDryRun(request.DryRun);
  const nowMs = +world.now();
  const endMs = Math.min(request.EndTime?.getTime() ?? nowMs, nowMs);
  const startMs = Math.max(request.StartTime?.getTime() ?? nowMs - HISTORY_MS, nowMs - HISTORY_MS);
  if (startMs > endMs) {
    throw new AwsError('InvalidParameterValue', 'The start time is after the end time.');
  }
  const isWanted = filterBy<Pool>(request.Filters, {
    'availability-zone': ({ zone }) => [zone],
    'instance-type': ({ instanceType }) => [instanceType],
    'product-description': () => PRODUCTS,
  });
  const products = request.ProductDescriptions ?? [];
  const isLinux = products.length === 0 || products.some((name) => PRODUCTS.includes(name));
  const types: ReadonlySet<string> = new Set(request.InstanceTypes ?? []);
  const pools = listInstanceTypes()
    .filter(({ name }) => types.size === 0 || types.has(name))
    .flatMap(({ name }) =>
      world.settings.network.subnets.map(({ zone, zoneId }): Pool => ({
        instanceType: name,
        zone,
        zoneId,
      })),
    )
    .filter(
      ({ zone }) => request.AvailabilityZone === undefined || request.AvailabilityZone === zone,
    )
    .filter(isWanted);
  const { items, nextToken } = page(
    isLinux ? pools.flatMap((pool) => changes(pool, startMs, endMs)) : [],
    ({ key }) => key,
    {
      token: request.NextToken,
      maxResults: request.MaxResults,
      limit: PAGE_LIMIT,
      tokenError: 'InvalidParameterValue',
    },
  );
  return { SpotPriceHistory: items.map(({ price }) => price), NextToken: nextToken ?? '' };
}

interface Change {
  readonly key: string;
  readonly price: SpotPrice;
}

function changes(pool: Pool, startMs: number, endMs: number): Change[] {
  const found: Change[] = [];
  const first = Math.floor(startMs / SPOT_PRICE_PERIOD_MS);
  // At most 90 days of periods.
  for (let period = Math.floor(endMs / SPOT_PRICE_PERIOD_MS); period >= first; period--) {
    const atMs = period * SPOT_PRICE_PERIOD_MS;
    found.push({
      key: `${Number.MAX_SAFE_INTEGER - atMs}/${pool.instanceType}/${pool.zone}`,
      price: {
        AvailabilityZone: pool.zone,
        AvailabilityZoneId: pool.zoneId,
        InstanceType: pool.instanceType as SpotPrice['InstanceType'],
        ProductDescription: 'Linux/UNIX',
        SpotPrice: spotPricePerHourUsd(pool.instanceType, pool.zone, atMs).toFixed(6),
        Timestamp: new Date(atMs),
      },
    });
  }
  return found;
}
