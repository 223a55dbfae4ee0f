import { inParallel } from '../../aws/in-parallel';
import type { RunStorageUsage, StorageUsage } from '../../aws/storage-usage';
import { objectKeys } from '../../domain/ids';
import { limits } from '../limits';
import type { TrainingClient } from '../training-client';

interface RunStorage {
  readonly runId: string;
  /** Files of checkpoints, finished or not. */
  readonly checkpointBytes: number;
}

export interface HeldStorage {
  readonly bucket: string;
  /** Staged code archives, shared by all runs of the same code. */
  readonly code: StorageUsage;
  /** Most first. */
  readonly runs: readonly RunStorage[];
}

/**
 * Measures what checkpoints and code take in the bucket. Logs are left out: an object every five seconds makes the listing
 * long, and the bytes few.
 */
export async function readStorage(client: TrainingClient): Promise<HeldStorage> {
  return client.cloud.ask(async ({ calls, cloud }) => {
    const [code, runIds] = await Promise.all([
      calls.measureStorage(cloud, objectKeys.allCode),
      calls.listStoredRuns(cloud),
    ]);
    const runs = await inParallel(limits.parallelReads, runIds, async (runId) => {
      const { sizeBytes } = await calls.measureStorage(cloud, objectKeys.checkpoints(runId));
      return { runId, checkpointBytes: sizeBytes };
    });
    return {
      bucket: cloud.settings.bucket,
      code,
      runs: runs
        .filter(({ checkpointBytes }) => checkpointBytes > 0)
        .sort((one, other) => other.checkpointBytes - one.checkpointBytes),
    };
  });
}

/** Everything in the bucket that is ours, by kind. */
export interface StorageTotals {
  readonly codeBytes: number;
  readonly checkpointBytes: number;
  readonly logBytes: number;
  /** The supervisor's packages, and what else lies under a run. */
  readonly otherBytes: number;
  readonly totalBytes: number;
  readonly objectCount: number;
  readonly usdPerMonth: number;
}

/** Adds up everything in the bucket that is ours, logs too: one listing of it all. */
export async function readStorageTotals(client: TrainingClient): Promise<StorageTotals> {
  return client.cloud.ask(async ({ calls, cloud }) => {
    const [code, supervisors, runIds] = await Promise.all([
      calls.measureStorage(cloud, objectKeys.allCode),
      calls.measureStorage(cloud, objectKeys.supervisors),
      calls.listStoredRuns(cloud),
    ]);
    const perRun = await inParallel(limits.parallelReads, runIds, (runId) =>
      calls.measureRun(cloud, runId),
    );
    const sum = (of: (run: RunStorageUsage) => number): number =>
      perRun.reduce((total, run) => total + of(run), 0);
    const kinds = {
      codeBytes: code.sizeBytes,
      checkpointBytes: sum(({ checkpointBytes }) => checkpointBytes),
      logBytes: sum(({ logBytes }) => logBytes),
      otherBytes: supervisors.sizeBytes + sum(({ otherBytes }) => otherBytes),
    };
    const totalBytes = Object.values(kinds).reduce((total, bytes) => total + bytes, 0);
    return {
      ...kinds,
      totalBytes,
      objectCount:
        code.objectCount + supervisors.objectCount + sum(({ objectCount }) => objectCount),
      usdPerMonth: storageUsdPerMonth(totalBytes),
    };
  });
}

/** S3 Standard in us-east-1, the first 50 TB, 2026: https://aws.amazon.com/s3/pricing/ */
const usdPerGibibyteMonth = 0.023;

/** What so many bytes cost a month. */
export const storageUsdPerMonth = (sizeBytes: number): number =>
  (sizeBytes / 1024 ** 3) * usdPerGibibyteMonth;
