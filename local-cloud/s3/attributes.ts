/** What a client says about an object besides its bytes: kept at the upload, returned at the read. */
import { notImplemented, s3Error } from './errors';
import type { ObjectAttributes } from './records';

const KEPT_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
] as const;

const METADATA_PREFIX = 'x-amz-meta-';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html */
const METADATA_MAX_BYTES = 2048;

/** Asking for one of these and getting an answer without it would be a lie. */
const UNSUPPORTED_HEADERS = [
  'x-amz-bucket-object-lock-enabled',
  'x-amz-copy-source-server-side-encryption-customer-algorithm',
  'x-amz-expected-bucket-owner',
  'x-amz-grant-full-control',
  'x-amz-grant-read',
  'x-amz-grant-read-acp',
  'x-amz-grant-write',
  'x-amz-grant-write-acp',
  'x-amz-mfa',
  'x-amz-object-lock-legal-hold',
  'x-amz-object-lock-mode',
  'x-amz-object-lock-retain-until-date',
  'x-amz-object-ownership',
  'x-amz-rename-source',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-customer-algorithm',
  'x-amz-source-expected-bucket-owner',
  'x-amz-tagging',
  'x-amz-website-redirect-location',
  'x-amz-write-offset-bytes',
];

/** @throws NotImplemented, AccessControlListNotSupported */
export function refuseUnsupportedHeaders(headers: ReadonlyMap<string, string>): void {
  const unsupported = UNSUPPORTED_HEADERS.find((name) => headers.has(name));
  if (unsupported !== undefined) throw notImplemented(`the header ${unsupported}`);
  const encryption = headers.get('x-amz-server-side-encryption') ?? 'AES256';
  if (encryption !== 'AES256') throw notImplemented(`server-side encryption by ${encryption}`);
  const acl = headers.get('x-amz-acl') ?? 'bucket-owner-full-control';
  // New buckets of S3 have ACLs switched off and accept only this one.
  if (acl !== 'bucket-owner-full-control') throw s3Error('AccessControlListNotSupported');
}

/** @throws MetadataTooLarge */
export function readAttributes(headers: ReadonlyMap<string, string>): ObjectAttributes {
  const kept: Record<string, string> = { 'content-type': 'binary/octet-stream' };
  for (const name of KEPT_HEADERS) {
    const value = headers.get(name);
    if (value !== undefined && value !== '') kept[name] = value;
  }
  const encoding = withoutAwsChunked(kept['content-encoding'] ?? '');
  if (encoding === '') delete kept['content-encoding'];
  else kept['content-encoding'] = encoding;
  return {
    headers: kept,
    metadata: readMetadata(headers),
    storageClass: headers.get('x-amz-storage-class') ?? 'STANDARD',
  };
}

/** `aws-chunked` is about the upload only; what remains is about the object. */
function withoutAwsChunked(contentEncoding: string): string {
  return contentEncoding
    .split(',')
    .map((encoding) => encoding.trim())
    .filter((encoding) => encoding !== '' && encoding !== 'aws-chunked')
    .join(',');
}

function readMetadata(headers: ReadonlyMap<string, string>): Record<string, string> {
  const metadata: Record<string, string> = {};
  let sizeBytes = 0;
  for (const [name, value] of headers) {
    if (!name.startsWith(METADATA_PREFIX)) continue;
    metadata[name.slice(METADATA_PREFIX.length)] = value;
    sizeBytes += name.length - METADATA_PREFIX.length + value.length;
  }
  if (sizeBytes > METADATA_MAX_BYTES) throw s3Error('MetadataTooLarge');
  return metadata;
}

/** The response headers of an object's attributes. */
export function attributeHeaders(attributes: ObjectAttributes): Record<string, string> {
  const headers: Record<string, string> = { ...attributes.headers };
  for (const [name, value] of Object.entries(attributes.metadata)) {
    headers[`${METADATA_PREFIX}${name}`] = value;
  }
  if (attributes.storageClass !== 'STANDARD') {
    headers['x-amz-storage-class'] = attributes.storageClass;
  }
  return headers;
}
