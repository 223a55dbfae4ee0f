import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import { objectKeys } from '../domain/ids';
import type { Instant } from '../domain/instant';
import { hasCode } from './aws-error';
import { listCheckpointFolders } from './checkpoint-store';
import type { Cloud } from './connect-cloud';
import { storeLimits } from './limits';
import { headSize, list } from './object-store';

/** A folder of a run's checkpoints that never got its manifest, so it never was one. */
export interface UnfinishedCheckpoint {
  readonly runId: string;
  readonly prefix: string;
  readonly sizeBytes: number;
  readonly lastChangedAt: Instant;
}

/** The folders of a run that hold files and no manifest. */
export async function findUnfinishedCheckpoints(
  cloud: Cloud,
  runId: string,
): Promise<readonly UnfinishedCheckpoint[]> {
  const unfinished: UnfinishedCheckpoint[] = [];
  for (const folder of await listCheckpointFolders(cloud, runId)) {
    const { clients, settings } = cloud;
    // Whatever a manifest says, also one of a later version: it was finished.
    const manifestKey = `${folder.prefix}manifest.json`;
    if ((await headSize(clients, settings.bucket, manifestKey)) !== null) continue;
    const { objects } = await list(clients, settings.bucket, folder.prefix);
    unfinished.push({
      runId,
      prefix: folder.prefix,
      sizeBytes: objects.reduce((sum, object) => sum + object.sizeBytes, 0),
      lastChangedAt:
        objects
          .map(({ modifiedAt }) => modifiedAt)
          .sort()
          .at(-1) ?? noTime,
    });
  }
  return unfinished;
}

const noTime = new Date(0).toISOString();

/** A large object whose upload was begun and not finished: S3 bills its parts and lists them nowhere else. */
export interface UnfinishedObject {
  readonly runId: string;
  readonly key: string;
  readonly uploadId: string;
  readonly begunAt: Instant;
}

/** The unfinished uploads of large objects of all runs. */
export async function findUnfinishedObjects(cloud: Cloud): Promise<readonly UnfinishedObject[]> {
  const found: UnfinishedObject[] = [];
  let marker: { readonly key?: string | undefined; readonly uploadId?: string | undefined } = {};
  for (let page = 0; page < storeLimits.maxListPages; page += 1) {
    const reply = await cloud.clients.s3.send(
      new ListMultipartUploadsCommand({
        Bucket: cloud.settings.bucket,
        Prefix: objectKeys.runs,
        KeyMarker: marker.key,
        UploadIdMarker: marker.uploadId,
      }),
    );
    for (const { Key: key, UploadId: uploadId, Initiated } of reply.Uploads ?? []) {
      const runId = key?.slice(objectKeys.runs.length).split('/')[0];
      if (key === undefined || uploadId === undefined || runId === undefined) continue;
      found.push({ runId, key, uploadId, begunAt: (Initiated ?? new Date()).toISOString() });
    }
    if (reply.IsTruncated !== true) break;
    marker = { key: reply.NextKeyMarker, uploadId: reply.NextUploadIdMarker };
  }
  return found;
}

/** Ends the upload, and with it its parts; one that is gone already is success. */
export async function abortUpload(
  cloud: Cloud,
  { key, uploadId }: Pick<UnfinishedObject, 'key' | 'uploadId'>,
): Promise<void> {
  try {
    await cloud.clients.s3.send(
      new AbortMultipartUploadCommand({
        Bucket: cloud.settings.bucket,
        Key: key,
        UploadId: uploadId,
      }),
    );
  } catch (error) {
    if (!hasCode(error, 'NoSuchUpload')) throw error;
  }
}
