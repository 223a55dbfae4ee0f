import { objectKeys } from '../domain/ids';
import type { Cloud } from './connect-cloud';
import { list } from './object-store';

/** How much lies under a prefix. */
export interface StorageUsage {
  readonly objectCount: number;
  readonly sizeBytes: number;
}

/** Adds up what lies under a prefix of the bucket. */
export async function measureStorage(cloud: Cloud, prefix: string): Promise<StorageUsage> {
  const { objects } = await list(cloud.clients, cloud.settings.bucket, prefix);
  const sizeBytes = objects.reduce((sum, object) => sum + object.sizeBytes, 0);
  return { objectCount: objects.length, sizeBytes };
}

/** What one run has left in the bucket, by kind. */
export interface RunStorageUsage {
  readonly objectCount: number;
  readonly checkpointBytes: number;
  readonly logBytes: number;
  readonly otherBytes: number;
}

/** Adds up all that a run has left. Its log is an object every five seconds, so this may take many pages. */
export async function measureRun(cloud: Cloud, runId: string): Promise<RunStorageUsage> {
  const root = objectKeys.run(runId);
  const { objects } = await list(cloud.clients, cloud.settings.bucket, root);
  const bytesUnder = (prefix: string): number =>
    objects
      .filter(({ key }) => key.startsWith(prefix))
      .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const checkpointBytes = bytesUnder(objectKeys.checkpoints(runId));
  const logBytes = bytesUnder(objectKeys.allLogs(runId));
  const otherBytes = bytesUnder(root) - checkpointBytes - logBytes;
  return { objectCount: objects.length, checkpointBytes, logBytes, otherBytes };
}

/** The ids of all runs that have left something in the bucket. */
export async function listStoredRuns(cloud: Cloud): Promise<readonly string[]> {
  const root = objectKeys.runs;
  const { prefixes } = await list(cloud.clients, cloud.settings.bucket, root, { delimiter: '/' });
  return prefixes.map((prefix) => prefix.slice(root.length, -1)).filter((runId) => runId !== '');
}
