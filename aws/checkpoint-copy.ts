import { createHash } from 'node:crypto';
import type { Checkpoint, CheckpointManifest, LatestPointer } from '../domain/checkpoint';
import { Failure } from '../domain/failure';
import { objectKeys } from '../domain/ids';
import { hasCode } from './aws-error';
import { readLatest } from './checkpoint-documents';
import { deleteCheckpointFolder } from './checkpoint-prune';
import type { CheckpointFolder } from './checkpoint-store';
import type { Cloud } from './connect-cloud';
import { copyObject } from './copy-object';
import { inParallel } from './in-parallel';
import { storeLimits } from './limits';
import { deleteObjects, getText, list, putIfAbsent } from './object-store';

/** A checkpoint of one run, to become the beginning of another. */
interface CheckpointSource extends Pick<CheckpointFolder, 'prefix'> {
  readonly manifest: CheckpointManifest;
}

/** The attempt that wrote what a run begins with: older than its first, so that the first may raise the fence. */
const beforeFirstAttempt = 0;

/**
 * Copies a checkpoint within the bucket so that a run which has not begun yet resumes from it: files, then the manifest,
 * then the pointer. Idempotent: a repeated copy of the same checkpoint goes on where the one before was cut off.
 *
 * @throws run-exists  Something else lies under that run's name.
 * @throws invalid-input  The checkpoint was deleted meanwhile.
 */
export async function copyCheckpoint(
  cloud: Cloud,
  source: CheckpointSource,
  runId: string,
): Promise<Checkpoint> {
  const { clients, settings } = cloud;
  const { manifest } = source;
  const prefix = targetPrefix(source, runId);
  const present = await readTarget(cloud, runId, prefix);
  await inParallel(storeLimits.parallelCopies, manifest.files, async ({ path, sizeBytes }) => {
    if (present.get(prefix + path) === sizeBytes) return;
    const [fromKey, toKey] = [source.prefix + path, prefix + path];
    try {
      await copyObject(clients, { bucket: settings.bucket, fromKey, toKey, sizeBytes });
    } catch (error) {
      throw hasCode(error, 'NoSuchKey') ? wasDeleted(source) : error;
    }
  });
  const { step, publishedAt } = manifest;
  const attemptNumber = beforeFirstAttempt;
  const copied: CheckpointManifest = { ...manifest, runId, attemptNumber };
  const checkpoint: Checkpoint = { step, attemptNumber, prefix, publishedAt };
  const pointer: LatestPointer = { version: 1, runId, fence: attemptNumber, checkpoint };
  // Refused where a repeated copy has written the same before.
  await putIfAbsent(clients, settings.bucket, `${prefix}manifest.json`, JSON.stringify(copied));
  await putIfAbsent(clients, settings.bucket, objectKeys.latest(runId), JSON.stringify(pointer));
  return checkpoint;
}

/** Takes the copy away again, unless an attempt of that run has begun, which may use it. */
export async function withdrawCopy(cloud: Cloud, runId: string, prefix: string): Promise<void> {
  const { clients, settings } = cloud;
  const stored = await getText(clients, settings.bucket, objectKeys.latest(runId));
  const pointer = stored === null ? null : readLatest(stored.text);
  if (pointer !== null && pointer.fence > beforeFirstAttempt) return;
  await deleteObjects(clients, settings.bucket, [objectKeys.latest(runId)]);
  await deleteCheckpointFolder(cloud, prefix);
}

/** Named after its source, so that a repeated copy finds what the one before has copied. */
function targetPrefix({ prefix, manifest }: CheckpointSource, runId: string): string {
  const nonce = createHash('sha256').update(prefix).digest('hex').slice(0, 16);
  return `${objectKeys.checkpoints(runId)}${manifest.step}-a${beforeFirstAttempt}-${nonce}/`;
}

/** Sizes of what an earlier copy of the same checkpoint has left. */
async function readTarget(
  cloud: Cloud,
  runId: string,
  prefix: string,
): Promise<ReadonlyMap<string, number>> {
  const { clients, settings } = cloud;
  const { objects } = await list(clients, settings.bucket, objectKeys.run(runId));
  const latestKey = objectKeys.latest(runId);
  const foreign = objects.find(({ key }) => key !== latestKey && !key.startsWith(prefix));
  const stored = await getText(clients, settings.bucket, latestKey);
  const isOurs = stored === null || readLatest(stored.text)?.checkpoint?.prefix === prefix;
  if (foreign !== undefined || !isOurs) {
    throw new Failure('run-exists', `the bucket holds something of a run "${runId}" already.`, {
      why: `${foreign?.key ?? latestKey} is not of this checkpoint.`,
    });
  }
  return new Map(objects.map(({ key, sizeBytes }) => [key, sizeBytes]));
}

const wasDeleted = ({ prefix }: CheckpointSource): Failure =>
  new Failure('invalid-input', `the checkpoint ${prefix} was deleted while it was being copied.`, {
    next: 'Choose another: `runctl aws checkpoint list` shows what there is.',
  });
