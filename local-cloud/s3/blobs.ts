/** The bytes of objects and parts: one file each, under a random name, never changed once written. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { open, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';

import type { ChecksumAlgorithm } from './checksums';
import { DigestMeter, type BodyDigests } from './digests';

/** A single PUT, part or copy: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const UPLOAD_MAX_BYTES = 5 * 1024 ** 3;

/**
 * A blob is invisible until a record names it, so it needs no temporary name: what a killed process
 * leaves half-written is named by nothing, and is removed at the next start.
 */
export class BlobFolder {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  /**
   * Writes all pieces to a new blob, on the disk when this returns. Removes it again if the source
   * or the disk fails.
   */
  async write(pieces: AsyncIterable<Buffer>): Promise<string> {
    const blobId = randomUUID();
    const file = await open(this.path(blobId), 'wx');
    try {
      for await (const piece of pieces) await writeFully(file, piece);
      await file.sync();
    } catch (error) {
      await this.remove(blobId);
      throw error;
    } finally {
      await file.close();
    }
    return blobId;
  }

  /** Writes pieces of our own, which need no verdict, and tells what they are. */
  async store(pieces: AsyncIterable<Buffer>, algorithm: ChecksumAlgorithm): Promise<StoredBlob> {
    const meter = new DigestMeter({ algorithm, withSha256: false });
    const blobId = await this.write(meter.measure(pieces));
    return { blobId, ...meter.finish() };
  }

  /** Opens a blob; an open blob stays readable after it is removed. @throws ENOENT */
  open(blobId: string): Promise<FileHandle> {
    return open(this.path(blobId), 'r');
  }

  /** Removes a blob; nothing happens if it is gone. */
  async remove(blobId: string): Promise<void> {
    await rm(this.path(blobId), { force: true });
  }

  /** Removes every blob that no record names. Only at start, before there are writers. */
  sweep(namedBlobIds: ReadonlySet<string>): void {
    for (const blobId of readdirSync(this.folder)) {
      if (!namedBlobIds.has(blobId)) rmSync(this.path(blobId), { force: true });
    }
  }

  private path(blobId: string): string {
    return join(this.folder, blobId);
  }
}

/** A blob and what is in it. */
export interface StoredBlob extends BodyDigests {
  readonly blobId: string;
}

/** A run of bytes within an object. */
export interface ByteSpan {
  readonly firstByte: number;
  readonly countBytes: number;
}

/** Yields a span of an open blob and closes it, however the reading ends. */
export async function* readSpan(file: FileHandle, span: ByteSpan): AsyncGenerator<Buffer> {
  if (span.countBytes === 0) {
    await file.close();
    return;
  }
  const lastByte = span.firstByte + span.countBytes - 1;
  const stream = file.createReadStream({ start: span.firstByte, end: lastByte });
  for await (const bytes of stream) yield bytes as Buffer; // no encoding is set
}

async function writeFully(file: FileHandle, piece: Buffer): Promise<void> {
  let rest = piece;
  while (rest.length > 0) {
    const { bytesWritten } = await file.write(rest);
    rest = rest.subarray(bytesWritten);
  }
}
