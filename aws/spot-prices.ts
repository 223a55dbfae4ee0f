import { DescribeSpotPriceHistoryCommand, type EC2Client } from '@aws-sdk/client-ec2';
import type { PriceChange } from '../domain/bill';
import type { CapacityPool } from '../domain/instance';
import { createBatcher } from './batcher';
import { inParallel } from './in-parallel';
import { launchLimits, priceLimits, readerLimits } from './limits';

/** Reads Spot prices for all runs of a worker with few calls. */
export interface SpotPrices {
  /**
   * The changes of a pool's price, oldest first, from the one in effect at `fromMs` on. Those until `neededAtMs` are
   * among them; later ones may be missing. Empty when EC2 does not say.
   */
  read(pool: CapacityPool, fromMs: number, neededAtMs: number): Promise<readonly PriceChange[]>;
}

/** What is known of a pool. */
interface KnownPool extends CapacityPool {
  readonly changes: readonly PriceChange[];
  readonly fromMs: number;
  readonly loadedAtMs: number;
}

/** Makes the reader: reads within one window become one call, and a price that is known is not asked for again. */
export function createSpotPrices(ec2: EC2Client): SpotPrices {
  const known = new Map<string, KnownPool>();
  const wanted = new Map<string, CapacityPool & { fromMs: number }>();
  let askAgainAtMs = 0;
  const batcher = createBatcher<string, null>({
    windowMs: readerLimits.windowMs,
    maxBatchSize: priceLimits.poolsPerCall,
    load: async (keys, settle) => {
      const pools = keys.flatMap((key) => wanted.get(key) ?? []);
      for (const key of keys) wanted.delete(key);
      try {
        for (const pool of await loadPools(ec2, pools, known)) known.set(keyOf(pool), pool);
      } catch {
        // A price is for the report only. Asking at every poll while it is refused would help nobody.
        askAgainAtMs = Date.now() + priceLimits.retryMs;
      }
      for (const key of keys) settle(key, null);
    },
  });
  return {
    read: async (pool, fromMs, neededAtMs) => {
      const key = keyOf(pool);
      const before = known.get(key);
      if (!isEnough(before, fromMs, neededAtMs) && Date.now() >= askAgainAtMs) {
        const earliest = Math.min(
          fromMs,
          before?.fromMs ?? fromMs,
          wanted.get(key)?.fromMs ?? fromMs,
        );
        wanted.set(key, { ...pool, fromMs: earliest });
        await batcher.read(key);
      }
      return since(known.get(key)?.changes ?? [], fromMs);
    },
  };
}

const keyOf = ({ instanceType, zone }: CapacityPool): string => `${instanceType}/${zone}`;

/** What was loaded after a moment knows the price of that moment for ever. */
function isEnough(pool: KnownPool | undefined, fromMs: number, neededAtMs: number): boolean {
  if (pool === undefined || pool.fromMs > fromMs) return false;
  return pool.loadedAtMs >= neededAtMs + priceLimits.publicationMs;
}

/** From the change in effect at a moment on. */
function since(changes: readonly PriceChange[], fromMs: number): readonly PriceChange[] {
  const first = changes.findLastIndex(({ at }) => Date.parse(at) <= fromMs);
  return changes.slice(Math.max(first, 0));
}

type WantedPool = CapacityPool & { readonly fromMs: number };

/** Pools whose prices are wanted since a short while go into one call; long histories are asked for one by one. */
async function loadPools(
  ec2: EC2Client,
  pools: readonly WantedPool[],
  known: ReadonlyMap<string, KnownPool>,
): Promise<KnownPool[]> {
  const nowMs = Date.now();
  const asked = pools.map((pool) => ({ ...pool, askMs: askFrom(pool, known.get(keyOf(pool))) }));
  const isShort = (pool: { askMs: number }) => nowMs - pool.askMs < priceLimits.shortHistoryMs;
  const short = asked.filter(isShort);
  const groups = [
    ...(short.length > 0 ? [short] : []),
    ...asked.filter((pool) => !isShort(pool)).map((pool) => [pool]),
  ];
  const loaded = await inParallel(readerLimits.parallelReads, groups, async (group) => {
    const found = await describeHistory(ec2, group, Math.min(...group.map(({ askMs }) => askMs)));
    return group.map((pool): KnownPool => {
      const before = known.get(keyOf(pool))?.changes ?? [];
      const changes = merge(before, found.get(keyOf(pool)) ?? []);
      const { instanceType, zone, fromMs } = pool;
      return { instanceType, zone, fromMs, changes, loadedAtMs: nowMs };
    });
  });
  return loaded.flat();
}

/** Only what is new, when the earlier part is known. */
function askFrom(pool: WantedPool, before: KnownPool | undefined): number {
  if (before === undefined || before.fromMs > pool.fromMs) return pool.fromMs;
  return Math.max(pool.fromMs, before.loadedAtMs - priceLimits.publicationMs);
}

function merge(before: readonly PriceChange[], found: readonly PriceChange[]): PriceChange[] {
  const all = new Map([...before, ...found].map((change) => [change.at, change]));
  return [...all.values()].sort((one, other) => one.at.localeCompare(other.at));
}

async function describeHistory(
  ec2: EC2Client,
  pools: readonly CapacityPool[],
  fromMs: number,
): Promise<ReadonlyMap<string, PriceChange[]>> {
  const found = new Map<string, PriceChange[]>();
  const distinct = (values: readonly string[]): string[] => [...new Set(values)];
  let nextToken: string | undefined;
  for (let page = 0; page < launchLimits.maxPages; page += 1) {
    const reply = await ec2.send(
      new DescribeSpotPriceHistoryCommand({
        Filters: [
          { Name: 'instance-type', Values: distinct(pools.map((pool) => pool.instanceType)) },
          { Name: 'availability-zone', Values: distinct(pools.map((pool) => pool.zone)) },
          { Name: 'product-description', Values: ['Linux/UNIX'] },
        ],
        // EC2 adds the last change before the start: the price in effect there.
        StartTime: new Date(fromMs),
        NextToken: nextToken,
      }),
    );
    for (const item of reply.SpotPriceHistory ?? []) {
      const pricePerHourUsd = Number(item.SpotPrice);
      if (!(pricePerHourUsd > 0) || item.Timestamp === undefined) continue;
      const key = keyOf({
        instanceType: item.InstanceType ?? '',
        zone: item.AvailabilityZone ?? '',
      });
      const change = { at: item.Timestamp.toISOString(), pricePerHourUsd };
      found.set(key, [...(found.get(key) ?? []), change]);
    }
    nextToken = reply.NextToken;
    if (nextToken === undefined || nextToken === '') break;
  }
  return found;
}
