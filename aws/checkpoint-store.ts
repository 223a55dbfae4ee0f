import type { Checkpoint, CheckpointManifest } from '../domain/checkpoint';
import { objectKeys } from '../domain/ids';
import { readManifest } from './checkpoint-documents';
import type { Cloud } from './connect-cloud';
import { inParallel } from './in-parallel';
import { storeLimits } from './limits';
import { getText, headSize, list } from './object-store';

/** A folder below the run's checkpoints, as its name tells: `<step>-a<attempt>-<nonce>/`. */
export interface CheckpointFolder {
  readonly prefix: string;
  readonly step: number;
  readonly attemptNumber: number;
}

/**
 * The newest checkpoint whose manifest is whole and whose files are all there with their sizes; null when there is none.
 * Only manifests are trusted: the pointer may lag behind one that was published in an instance's last second.
 */
export async function findNewestCheckpoint(
  cloud: Cloud,
  runId: string,
): Promise<Checkpoint | null> {
  const folders = await listCheckpointFolders(cloud, runId);
  for (const folder of folders.slice(0, storeLimits.maxResumeCandidates)) {
    const checkpoint = await verify(cloud, runId, folder);
    if (checkpoint !== null) return checkpoint;
  }
  return null;
}

/** What was uploaded for a run, newest first, complete or not. */
export async function listCheckpointFolders(
  cloud: Cloud,
  runId: string,
): Promise<readonly CheckpointFolder[]> {
  const root = objectKeys.checkpoints(runId);
  const { prefixes } = await list(cloud.clients, cloud.settings.bucket, root, { delimiter: '/' });
  return prefixes
    .map((prefix) => readFolderName(prefix, root))
    .filter((folder) => folder !== null)
    .sort(byAge);
}

/** The manifest of an upload; null when it never became a checkpoint. */
export async function readCheckpointManifest(
  cloud: Cloud,
  { prefix }: Pick<CheckpointFolder, 'prefix'>,
): Promise<CheckpointManifest | null> {
  const stored = await getText(cloud.clients, cloud.settings.bucket, `${prefix}manifest.json`);
  return stored === null ? null : readManifest(stored.text);
}

/** Whether the upload became a checkpoint of this run, and all its files are there with their sizes. */
export async function readVerifiedManifest(
  cloud: Cloud,
  runId: string,
  folder: CheckpointFolder,
): Promise<CheckpointManifest | null> {
  const manifest = await readCheckpointManifest(cloud, folder);
  if (manifest?.runId !== runId || !(await hasAllFiles(cloud, folder, manifest))) return null;
  return manifest;
}

/** Newer attempts first: one that was restarted counts from its own beginning again. */
const byAge = (one: CheckpointFolder, other: CheckpointFolder): number =>
  other.attemptNumber - one.attemptNumber || other.step - one.step;

function readFolderName(prefix: string, root: string): CheckpointFolder | null {
  const found = /^(\d+)-a(\d+)-[^/]+\/$/.exec(prefix.slice(root.length));
  if (found === null) return null;
  return { prefix, step: Number(found[1]), attemptNumber: Number(found[2]) };
}

async function verify(
  cloud: Cloud,
  runId: string,
  folder: CheckpointFolder,
): Promise<Checkpoint | null> {
  const manifest = await readVerifiedManifest(cloud, runId, folder);
  if (manifest === null) return null;
  const { step, attemptNumber, publishedAt } = manifest;
  return { step, attemptNumber, prefix: folder.prefix, publishedAt };
}

async function hasAllFiles(
  cloud: Cloud,
  folder: CheckpointFolder,
  manifest: CheckpointManifest,
): Promise<boolean> {
  const sizes = await inParallel(storeLimits.parallelHeads, manifest.files, (file) =>
    headSize(cloud.clients, cloud.settings.bucket, folder.prefix + file.path),
  );
  return manifest.files.every((file, index) => sizes[index] === file.sizeBytes);
}
