import { objectKeys } from '../domain/ids';
import { readLatest } from './checkpoint-documents';
import { listCheckpointFolders } from './checkpoint-store';
import type { Cloud } from './connect-cloud';
import { deleteObjects, getText, headSize, list } from './object-store';

/**
 * Deletes all but the newest complete checkpoints of a run; never the one that the pointer names. The manifest goes
 * first, so that what is half deleted does not look like a checkpoint. Idempotent.
 *
 * @returns How many checkpoints were deleted.
 */
export async function pruneCheckpoints(
  cloud: Cloud,
  runId: string,
  keepLast: number,
): Promise<number> {
  const { clients, settings } = cloud;
  const stored = await getText(clients, settings.bucket, objectKeys.latest(runId));
  const inUse = stored === null ? null : (readLatest(stored.text)?.checkpoint ?? null);
  let keptCount = 0;
  let deletedCount = 0;
  for (const folder of await listCheckpointFolders(cloud, runId)) {
    const manifestKey = `${folder.prefix}manifest.json`;
    if (folder.prefix === inUse?.prefix) {
      keptCount += 1;
      continue;
    }
    // An upload without a manifest was never a checkpoint, and takes no place.
    const isComplete = (await headSize(clients, settings.bucket, manifestKey)) !== null;
    if (isComplete && keptCount < keepLast) {
      keptCount += 1;
      continue;
    }
    await deleteObjects(clients, settings.bucket, [manifestKey]);
    const { keys } = await list(clients, settings.bucket, folder.prefix);
    await deleteObjects(clients, settings.bucket, keys);
    deletedCount += 1;
  }
  return deletedCount;
}
