/** The checksum algorithms of S3, and how an object's checksum is spelled on the wire. */
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

import { createCrc32c, createCrc64Nvme } from './crc';

export const CHECKSUM_ALGORITHMS = ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256'] as const;
export type ChecksumAlgorithm = (typeof CHECKSUM_ALGORITHMS)[number];

/** `COMPOSITE`: the checksum of the parts' checksums; `FULL_OBJECT`: of all the bytes. */
export type ChecksumType = 'COMPOSITE' | 'FULL_OBJECT';

/** A stored checksum; `value` is Base64, with `-N` behind it when composite. */
export interface ObjectChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  readonly value: string;
}

/** What S3 computes itself when the client names no algorithm. */
export const DEFAULT_CHECKSUM_ALGORITHM: ChecksumAlgorithm = 'CRC64NVME';

/** A digest that is fed piece by piece. */
export interface RunningDigest {
  update(bytes: Buffer): void;
  digest(): Buffer;
}

/** Starts a digest of an algorithm. */
export function createChecksum(algorithm: ChecksumAlgorithm): RunningDigest {
  switch (algorithm) {
    case 'CRC32':
      return createCrc32();
    case 'CRC32C':
      return createCrc32c();
    case 'CRC64NVME':
      return createCrc64Nvme();
    case 'SHA1':
      return createHash('sha1');
    case 'SHA256':
      return createHash('sha256');
  }
}

function createCrc32(): RunningDigest {
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    digest: () => {
      const digest = Buffer.alloc(4);
      digest.writeUInt32BE(value);
      return digest;
    },
  };
}

/** How many bytes a digest of the algorithm has. */
export const CHECKSUM_BYTES: Readonly<Record<ChecksumAlgorithm, number>> = {
  CRC32: 4,
  CRC32C: 4,
  CRC64NVME: 8,
  SHA1: 20,
  SHA256: 32,
};

/** Reads an algorithm's name as it stands in a header; any case. */
export function parseChecksumAlgorithm(text: string): ChecksumAlgorithm | undefined {
  return CHECKSUM_ALGORITHMS.find((algorithm) => algorithm === text.toUpperCase());
}

/** The header (or trailer) that carries a checksum of the algorithm. */
export function checksumHeader(algorithm: ChecksumAlgorithm): string {
  return `x-amz-checksum-${algorithm.toLowerCase()}`;
}

/** The XML element that carries a checksum of the algorithm. */
export function checksumElement(algorithm: ChecksumAlgorithm): string {
  return `Checksum${algorithm}`;
}

/** The checksum of the parts' checksums. */
export function composeChecksum(
  algorithm: ChecksumAlgorithm,
  partValues: readonly string[],
): ObjectChecksum {
  const digest = createChecksum(algorithm);
  for (const value of partValues) digest.update(Buffer.from(value, 'base64'));
  const value = `${digest.digest().toString('base64')}-${partValues.length}`;
  return { algorithm, type: 'COMPOSITE', value };
}
