import { DescribeInstancesCommand, type EC2Client } from '@aws-sdk/client-ec2';
import { hasCode, readAwsError } from './aws-error';
import { createBatcher } from './batcher';
import { inParallel } from './in-parallel';
import { type InstanceView, readInstance } from './instance-view';
import { readerLimits } from './limits';

/** Reads instances by id for all runs of a worker with few calls. */
export interface InstanceReader {
  /** Null when EC2 does not know the id: never launched, launched a moment ago, or ended an hour ago. */
  read(instanceId: string): Promise<InstanceView | null>;
}

interface Cached {
  readonly readAtMs: number;
  readonly view: InstanceView | null;
}

/** Makes the reader; reads within one window become one DescribeInstances. */
export function createInstanceReader(ec2: EC2Client): InstanceReader {
  const cache = new Map<string, Cached>();
  const batcher = createBatcher<string, InstanceView | null>({
    windowMs: readerLimits.windowMs,
    maxBatchSize: readerLimits.maxInstancesPerDescribe,
    load: async (ids, settle) => {
      const found = await describeInstances(ec2, ids);
      forgetOld(cache);
      for (const id of ids) {
        const view = found.get(id) ?? null;
        cache.set(id, { readAtMs: Date.now(), view });
        settle(id, view);
      }
    },
  });
  return {
    read: (instanceId) => {
      const cached = cache.get(instanceId);
      if (cached !== undefined && isFresh(cached)) return Promise.resolve(cached.view);
      return batcher.read(instanceId);
    },
  };
}

/**
 * Describes these instances. One unknown id fails the whole call of EC2, so the ids that it names, or all where it names
 * none, are asked one by one.
 */
export async function describeInstances(
  ec2: EC2Client,
  ids: readonly string[],
): Promise<ReadonlyMap<string, InstanceView>> {
  try {
    return await describeTogether(ec2, ids);
  } catch (error) {
    if (!isUnknownId(error)) throw error;
    if (ids.length <= 1) return new Map();
    const named = new Set(readAwsError(error)?.message.match(/i-[0-9a-zA-Z-]+/g) ?? []);
    const suspects = ids.filter((id) => named.has(id));
    const others = ids.filter((id) => !named.has(id));
    const alone = suspects.length === 0 ? ids : suspects;
    const found = await inParallel(readerLimits.parallelReads, alone, (id) =>
      describeInstances(ec2, [id]),
    );
    // Each round leaves out at least one id, so this ends after as many rounds as there are ids.
    if (suspects.length > 0 && others.length > 0) found.push(await describeInstances(ec2, others));
    return new Map(found.flatMap((part) => [...part]));
  }
}

async function describeTogether(
  ec2: EC2Client,
  ids: readonly string[],
): Promise<ReadonlyMap<string, InstanceView>> {
  const reply = await ec2.send(new DescribeInstancesCommand({ InstanceIds: [...ids] }));
  const views = (reply.Reservations ?? [])
    .flatMap((reservation) => reservation.Instances ?? [])
    .map(readInstance)
    .filter((view) => view !== null);
  return new Map(views.map((view) => [view.instanceId, view]));
}

const isUnknownId = (error: unknown): boolean =>
  hasCode(error, 'InvalidInstanceID.NotFound', 'InvalidInstanceID.Malformed');

const isFresh = (cached: Cached): boolean => Date.now() - cached.readAtMs < readerLimits.cacheMs;

function forgetOld(cache: Map<string, Cached>): void {
  for (const [id, cached] of cache) if (!isFresh(cached)) cache.delete(id);
}
