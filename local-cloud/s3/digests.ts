/** The digests of a body, computed while it passes by. */
import { createHash, type Hash } from 'node:crypto';

import { createChecksum, type ChecksumAlgorithm, type RunningDigest } from './checksums';

/** What a body turned out to be. */
export interface BodyDigests {
  readonly sizeBytes: number;
  readonly md5: Buffer;
  /** Base64, of the algorithm that was asked for. */
  readonly checksumValue: string;
  /** `undefined` unless it was asked for. */
  readonly sha256Hex: string | undefined;
}

/** Counts and digests the pieces that are drawn through it. */
export class DigestMeter {
  private sizeBytes = 0;
  private readonly md5 = createHash('md5');
  private readonly checksum: RunningDigest;
  private readonly sha256: Hash | null;

  constructor(options: { readonly algorithm: ChecksumAlgorithm; readonly withSha256: boolean }) {
    this.checksum = createChecksum(options.algorithm);
    this.sha256 = options.withSha256 ? createHash('sha256') : null;
  }

  /** Passes the pieces on; asks `check` about the size so far before each one. */
  async *measure(
    pieces: AsyncIterable<Buffer>,
    check: (sizeBytes: number) => void = () => undefined,
  ): AsyncGenerator<Buffer> {
    for await (const piece of pieces) {
      this.sizeBytes += piece.length;
      check(this.sizeBytes);
      this.md5.update(piece);
      this.checksum.update(piece);
      this.sha256?.update(piece);
      yield piece;
    }
  }

  /** Call once, when all pieces have passed. */
  finish(): BodyDigests {
    return {
      sizeBytes: this.sizeBytes,
      md5: this.md5.digest(),
      checksumValue: this.checksum.digest().toString('base64'),
      sha256Hex: this.sha256?.digest('hex'),
    };
  }
}
