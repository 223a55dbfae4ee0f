import { objectKeys } from '../domain/ids';
import { readLatest } from './checkpoint-documents';
import { type CheckpointFolder, listCheckpointFolders } from './checkpoint-store';
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
  const folders = await listPrunable(cloud, runId, keepLast);
  for (const folder of folders) await deleteCheckpointFolder(cloud, folder.prefix);
  return folders.length;
}

/** Deletes a checkpoint, or what was to become one. Idempotent. */
export async function deleteCheckpointFolder(cloud: Cloud, prefix: string): Promise<void> {
  const { clients, settings } = cloud;
  await deleteObjects(clients, settings.bucket, [`${prefix}manifest.json`]);
  const { keys } = await list(clients, settings.bucket, prefix);
  await deleteObjects(clients, settings.bucket, keys);
}

/** What `pruneCheckpoints` would delete now: older checkpoints, and uploads that never became one. */
export async function listPrunable(
  cloud: Cloud,
  runId: string,
  keepLast: number,
): Promise<readonly CheckpointFolder[]> {
  const { clients, settings } = cloud;
  const stored = await getText(clients, settings.bucket, objectKeys.latest(runId));
  const inUse = stored === null ? null : (readLatest(stored.text)?.checkpoint ?? null);
  let keptCount = 0;
  const prunable: CheckpointFolder[] = [];
  for (const folder of await listCheckpointFolders(cloud, runId)) {
    if (folder.prefix === inUse?.prefix) {
      keptCount += 1;
      continue;
    }
    const manifestKey = `${folder.prefix}manifest.json`;
    // An upload without a manifest was never a checkpoint, and takes no place.
    const isComplete = (await headSize(clients, settings.bucket, manifestKey)) !== null;
    if (isComplete && keptCount < keepLast) keptCount += 1;
    else prunable.push(folder);
  }
  return prunable;
}
