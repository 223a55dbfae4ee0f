/** Opens an object for reading while others may replace it. */
import type { FileHandle } from 'node:fs/promises';

import type { Bucket } from './bucket';
import { s3Error } from './errors';
import type { S3World } from './operation';
import type { ObjectRecord } from './records';

/** An object and its bytes, which stay readable even if the object is replaced. */
export interface OpenObject {
  readonly record: ObjectRecord;
  readonly file: FileHandle;
}

/** How often an object may be replaced between finding and opening it before S3 gives up. */
const ATTEMPTS_MAX = 10;

/** Opens the newest version of an object. @throws NoSuchKey, SlowDown */
export async function openObject(world: S3World, bucket: Bucket, key: string): Promise<OpenObject> {
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt += 1) {
    const record = bucket.getObject(key);
    try {
      return { record, file: await world.store.blobs.open(record.blobId) };
    } catch (error) {
      // Replaced or deleted since the line above: look again. Otherwise the disk has lost it.
      if (bucket.findObject(key) === record) throw error;
    }
  }
  throw s3Error('SlowDown');
}
