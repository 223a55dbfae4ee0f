/** One bucket: its objects in memory for reading, on disk for good, changed one at a time. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

import type { BlobFolder } from './blobs';
import { checkDeleteCondition, checkWriteCondition, type WriteCondition } from './conditions';
import { s3Error } from './errors';
import { removeRecord, readRecords, recordFileName, writeRecord } from './record-files';
import type { BucketRecord, ObjectRecord, UploadRecord } from './records';
import { UploadFolder } from './uploads';

/** A write that has begun and may be overtaken by a delete before it is published. */
export interface PendingWrite {
  readonly key: string;
  readonly condition: WriteCondition;
  isOvertaken: boolean;
}

export class Bucket {
  readonly uploads: UploadFolder;
  private readonly objects = new Map<string, ObjectRecord>();
  private readonly objectFolder: string;
  private readonly pendingWrites = new Set<PendingWrite>();
  private sortedKeys: readonly string[] | null = null;
  private lastChange: Promise<unknown> = Promise.resolve();
  private isDeleted = false;

  /** Reads what is on the disk; synchronous, because it happens once, at start. */
  constructor(
    readonly record: BucketRecord,
    folder: string,
    private readonly blobs: BlobFolder,
  ) {
    mkdirSync(folder, { recursive: true });
    this.objectFolder = join(folder, 'objects');
    for (const object of readRecords(this.objectFolder) as ObjectRecord[]) {
      // written by putObject
      this.objects.set(object.key, object);
    }
    this.uploads = new UploadFolder(join(folder, 'uploads'), blobs);
    this.uploads.forgetCompleted(this.objects.values());
  }

  /** @throws NoSuchKey */
  getObject(key: string): ObjectRecord {
    const record = this.objects.get(key);
    if (record === undefined) throw s3Error('NoSuchKey', { details: { Key: key } });
    return record;
  }

  findObject(key: string): ObjectRecord | undefined {
    return this.objects.get(key);
  }

  /** All keys in S3's order: by the bytes of their UTF-8. */
  listKeys(): readonly string[] {
    this.sortedKeys ??= [...this.objects.keys()].sort(compareKeys);
    return this.sortedKeys;
  }

  /** The blobs that objects, uploads and parts name. */
  namedBlobIds(): string[] {
    return [
      ...[...this.objects.values()].map(({ blobId }) => blobId),
      ...this.uploads.namedBlobIds(),
    ];
  }

  /** Announces a write, so that a delete that overtakes it is noticed. Pair with `endWrite`. */
  beginWrite(key: string, condition: WriteCondition): PendingWrite {
    const write: PendingWrite = { key, condition, isOvertaken: false };
    this.pendingWrites.add(write);
    return write;
  }

  endWrite(write: PendingWrite): void {
    this.pendingWrites.delete(write);
  }

  /**
   * Publishes an object whose blob is complete, if its condition holds at this moment. Otherwise
   * its blob is removed.
   * @throws PreconditionFailed, NoSuchKey, ConditionalRequestConflict, NoSuchBucket
   */
  async putObject(record: ObjectRecord, write: PendingWrite): Promise<void> {
    try {
      await this.change(async () => {
        const existing = this.objects.get(record.key);
        if (write.condition.kind !== 'none' && write.isOvertaken) {
          throw s3Error('ConditionalRequestConflict', { details: { Key: record.key } });
        }
        checkWriteCondition(write.condition, record.key, existing);
        await writeRecord(this.objectFolder, recordFileName(record.key), record);
        this.objects.set(record.key, record);
        if (existing === undefined) this.sortedKeys = null;
        else await this.blobs.remove(existing.blobId);
      });
    } catch (error) {
      await this.blobs.remove(record.blobId);
      throw error;
    }
  }

  /** Begins a multipart upload. @throws NoSuchBucket */
  async createUpload(record: UploadRecord): Promise<void> {
    await this.change(() => this.uploads.create(record));
  }

  /** Deletes an object; nothing happens if it is gone, unless the caller demands that it is not. */
  async deleteObject(key: string, ifMatch: string | undefined): Promise<void> {
    await this.change(async () => {
      const existing = this.objects.get(key);
      checkDeleteCondition(ifMatch, key, existing);
      if (existing === undefined) return;
      await removeRecord(this.objectFolder, recordFileName(key));
      this.objects.delete(key);
      this.sortedKeys = null;
      for (const write of this.pendingWrites) write.isOvertaken ||= write.key === key;
      await this.blobs.remove(existing.blobId);
    });
  }

  /** Runs the removal of the whole bucket, after which nothing can be written to it. */
  async delete(remove: () => Promise<void>): Promise<void> {
    await this.change(async () => {
      if (this.objects.size > 0) throw s3Error('BucketNotEmpty');
      this.isDeleted = true;
      await remove();
    });
  }

  /**
   * Runs one change after the other: a condition and the write it guards are one step.
   * @throws NoSuchBucket when the bucket was deleted meanwhile
   */
  private async change<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.lastChange.then(() => {
      if (this.isDeleted) {
        throw s3Error('NoSuchBucket', { details: { BucketName: this.record.name } });
      }
      return work();
    });
    // A failed change is its caller's business; the next one goes ahead.
    this.lastChange = turn.catch(() => undefined);
    return turn;
  }
}

/** UTF-8 order is code point order; JavaScript's own is not, beyond the basic plane. */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const [x, y] = [a.charCodeAt(at), b.charCodeAt(at)];
    if (x === y) continue;
    const isSurrogate = (unit: number) => unit >= 0xd800 && unit <= 0xdfff;
    if (isSurrogate(x) !== isSurrogate(y)) return isSurrogate(x) ? 1 : -1;
    return x - y;
  }
  return a.length - b.length;
}
