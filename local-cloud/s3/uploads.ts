/** The unfinished multipart uploads of one bucket, on disk like its objects. */
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { BlobFolder } from './blobs';
import { s3Error } from './errors';
import { readRecords, writeRecord } from './record-files';
import type { ObjectRecord, PartRecord, UploadRecord } from './records';

/** An upload and the parts it has so far. */
export interface Upload {
  readonly record: UploadRecord;
  readonly parts: Map<number, PartRecord>;
  /** True while its parts are being joined: it can be neither aborted nor completed again. */
  isCompleting: boolean;
}

const UPLOAD_FILE = 'upload.json';

export class UploadFolder {
  private readonly uploads = new Map<string, Upload>();

  constructor(
    private readonly folder: string,
    private readonly blobs: BlobFolder,
  ) {
    mkdirSync(folder, { recursive: true });
    for (const uploadId of readdirSync(folder)) this.load(uploadId);
  }

  /** @throws NoSuchUpload also when the upload is for another key */
  get(uploadId: string, key: string): Upload {
    const upload = this.uploads.get(uploadId);
    if (upload?.record.key !== key) {
      throw s3Error('NoSuchUpload', { details: { UploadId: uploadId } });
    }
    return upload;
  }

  list(): readonly UploadRecord[] {
    return [...this.uploads.values()].map(({ record }) => record);
  }

  namedBlobIds(): string[] {
    return [...this.uploads.values()].flatMap(({ parts }) =>
      [...parts.values()].map(({ blobId }) => blobId),
    );
  }

  async create(record: UploadRecord): Promise<void> {
    const folder = join(this.folder, record.uploadId);
    await mkdir(folder);
    await writeRecord(folder, UPLOAD_FILE, record);
    this.uploads.set(record.uploadId, { record, parts: new Map(), isCompleting: false });
  }

  /** Marks an upload whose parts are about to be joined. @throws OperationAborted */
  beginCompletion(upload: Upload): void {
    refuseWhileCompleting(upload);
    upload.isCompleting = true;
  }

  /** Gives an upload up. @throws OperationAborted */
  async abort(upload: Upload): Promise<void> {
    refuseWhileCompleting(upload);
    await this.remove(upload);
  }

  /**
   * Adds or replaces a part whose blob is complete; removes the blob if it cannot.
   * @throws NoSuchUpload, OperationAborted
   */
  async putPart(upload: Upload, part: PartRecord): Promise<void> {
    try {
      this.get(upload.record.uploadId, upload.record.key);
      refuseWhileCompleting(upload);
      const folder = join(this.folder, upload.record.uploadId);
      await writeRecord(folder, `part-${part.partNumber}.json`, part);
    } catch (error) {
      await this.blobs.remove(part.blobId);
      // An abort in the meantime takes the folder away under the record.
      this.get(upload.record.uploadId, upload.record.key);
      throw error;
    }
    const replaced = upload.parts.get(part.partNumber);
    upload.parts.set(part.partNumber, part);
    if (replaced !== undefined) await this.blobs.remove(replaced.blobId);
  }

  /** Removes an upload and all its parts. */
  async remove(upload: Upload): Promise<void> {
    this.uploads.delete(upload.record.uploadId);
    await rm(join(this.folder, upload.record.uploadId), { recursive: true, force: true });
    for (const part of upload.parts.values()) await this.blobs.remove(part.blobId);
  }

  /** Finishes what a killed process had begun: an upload whose object is published is over. */
  forgetCompleted(objects: Iterable<ObjectRecord>): void {
    for (const { multipart } of objects) {
      if (multipart === undefined || !this.uploads.delete(multipart.uploadId)) continue;
      rmSync(join(this.folder, multipart.uploadId), { recursive: true, force: true });
    }
  }

  private load(uploadId: string): void {
    const folder = join(this.folder, uploadId);
    const records = readRecords(folder) as (UploadRecord | PartRecord)[]; // written by this class
    const record = records.find((candidate) => 'uploadId' in candidate);
    if (record === undefined) {
      // Killed between the folder and the record: nobody has been told its id.
      rmSync(folder, { recursive: true, force: true });
      return;
    }
    const parts = records.filter((candidate) => 'partNumber' in candidate);
    this.uploads.set(uploadId, {
      record,
      parts: new Map(parts.map((part) => [part.partNumber, part])),
      isCompleting: false,
    });
  }
}

function refuseWhileCompleting(upload: Upload): void {
  if (upload.isCompleting) throw s3Error('OperationAborted');
}
