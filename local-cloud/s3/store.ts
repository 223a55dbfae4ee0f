/** All buckets under one folder. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { BlobFolder } from './blobs';
import { Bucket } from './bucket';
import { s3Error } from './errors';
import { writeRecord } from './record-files';
import { currentSecond, type BucketRecord } from './records';

const BUCKET_FILE = 'bucket.json';

/**
 * The object store. What a call has acknowledged survives a killed process and a restart; what it
 * has not is invisible.
 */
export class ObjectStore {
  readonly blobs: BlobFolder;
  private readonly buckets = new Map<string, Bucket>();
  private readonly bucketFolder: string;

  /** Opens or creates the folder; only one process at a time may do so. */
  constructor(stateDir: string) {
    this.blobs = new BlobFolder(join(stateDir, 'blobs'));
    this.bucketFolder = join(stateDir, 'buckets');
    mkdirSync(this.bucketFolder, { recursive: true });
    for (const name of readdirSync(this.bucketFolder)) this.load(name);
    this.blobs.sweep(
      new Set([...this.buckets.values()].flatMap((bucket) => bucket.namedBlobIds())),
    );
  }

  /** @throws NoSuchBucket */
  get(name: string): Bucket {
    const bucket = this.buckets.get(name);
    if (bucket === undefined) throw s3Error('NoSuchBucket', { details: { BucketName: name } });
    return bucket;
  }

  has(name: string): boolean {
    return this.buckets.has(name);
  }

  list(): readonly BucketRecord[] {
    return [...this.buckets.values()]
      .map(({ record }) => record)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** Creates a bucket; nothing happens if it exists. */
  async create(name: string): Promise<void> {
    if (this.buckets.has(name)) return;
    const folder = join(this.bucketFolder, name);
    const record: BucketRecord = { name, createdAt: currentSecond() };
    await mkdir(folder, { recursive: true });
    await writeRecord(folder, BUCKET_FILE, record);
    // Two racing creations write the same record; the first to come here wins.
    if (!this.buckets.has(name)) this.buckets.set(name, new Bucket(record, folder, this.blobs));
  }

  /** @throws NoSuchBucket, BucketNotEmpty */
  async delete(name: string): Promise<void> {
    const bucket = this.get(name);
    await bucket.delete(async () => {
      this.buckets.delete(name);
      // The bucket is gone with its record; a process killed after this line clears up at its start.
      await rm(join(this.bucketFolder, name, BUCKET_FILE), { force: true });
      for (const blobId of bucket.namedBlobIds()) await this.blobs.remove(blobId);
      await rm(join(this.bucketFolder, name), { recursive: true, force: true });
    });
  }

  private load(name: string): void {
    const folder = join(this.bucketFolder, name);
    const file = join(folder, BUCKET_FILE);
    if (existsSync(file)) {
      const record = JSON.parse(readFileSync(file, 'utf8')) as BucketRecord; // written by create
      this.buckets.set(name, new Bucket(record, folder, this.blobs));
    } else {
      // Killed while creating or deleting it: it holds nothing that was acknowledged.
      rmSync(folder, { recursive: true, force: true });
    }
  }
}
