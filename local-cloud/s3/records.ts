/** What the store keeps about buckets, objects, uploads and parts. Written by us, read by us. */
import type { ChecksumAlgorithm, ChecksumType, ObjectChecksum } from './checksums';

export interface BucketRecord {
  readonly name: string;
  readonly createdAt: string;
}

/** What the client said about an object besides its bytes. */
export interface ObjectAttributes {
  /** `content-type`, `cache-control` and the like, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** `x-amz-meta-*` without the prefix, by lower-case name. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly storageClass: string;
}

export interface ObjectRecord extends ObjectAttributes {
  readonly key: string;
  readonly blobId: string;
  readonly sizeBytes: number;
  /** Without quotes. */
  readonly etag: string;
  /** ISO 8601, whole seconds. */
  readonly lastModified: string;
  readonly checksum: ObjectChecksum;
  /** Of a multipart object: the upload it came from, and the size of each part in order. */
  readonly multipart?: { readonly uploadId: string; readonly partSizesBytes: readonly number[] };
}

export interface UploadRecord extends ObjectAttributes {
  readonly uploadId: string;
  readonly key: string;
  readonly initiatedAt: string;
  readonly checksum: UploadChecksum;
}

/** Which checksum an upload's parts carry; `isChosen` is false when S3 chose for the client. */
export interface UploadChecksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  readonly isChosen: boolean;
}

export interface PartRecord {
  readonly partNumber: number;
  readonly blobId: string;
  readonly sizeBytes: number;
  readonly etag: string;
  readonly lastModified: string;
  /** Of the upload's algorithm, unless the upload has none of its own and the part brought one. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string };
}

/** An instant as S3 keeps it: ISO 8601 in whole seconds. */
export function currentSecond(): string {
  return new Date(Math.floor(Date.now() / 1000) * 1000).toISOString();
}
