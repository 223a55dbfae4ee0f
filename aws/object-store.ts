import {
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { Failure } from '../domain/failure';
import type { Instant } from '../domain/instant';
import { hasCode } from './aws-error';
import type { AwsClients } from './clients';
import { storeLimits } from './limits';

/** A text object and the tag that a compare-and-swap needs. */
export interface StoredText {
  readonly text: string;
  readonly etag: string;
}

/** Null when there is no such object. */
export async function getText(
  clients: AwsClients,
  bucket: string,
  key: string,
): Promise<StoredText | null> {
  try {
    const reply = await clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return { text: (await reply.Body?.transformToString('utf8')) ?? '', etag: reply.ETag ?? '' };
  } catch (error) {
    if (hasCode(error, 'NoSuchKey')) return null;
    throw error;
  }
}

/** The bytes of an object; null when there is no such object. */
export async function getBytes(
  clients: AwsClients,
  bucket: string,
  key: string,
): Promise<Uint8Array | null> {
  try {
    const reply = await clients.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await reply.Body?.transformToByteArray()) ?? new Uint8Array();
  } catch (error) {
    if (hasCode(error, 'NoSuchKey')) return null;
    throw error;
  }
}

/** Writes an object unless there is one. False: there is one, maybe our own of a try whose answer was lost. */
export async function putIfAbsent(
  clients: AwsClients,
  bucket: string,
  key: string,
  body: Uint8Array | string,
): Promise<boolean> {
  return put(clients, { bucket, key, body, condition: { IfNoneMatch: '*' } });
}

/** Replaces an object if it is still the one that was read. False: somebody else was faster. */
export async function putIfUnchanged(
  clients: AwsClients,
  bucket: string,
  key: string,
  body: string,
  etag: string,
): Promise<boolean> {
  return put(clients, { bucket, key, body, condition: { IfMatch: etag } });
}

async function put(
  clients: AwsClients,
  object: {
    readonly bucket: string;
    readonly key: string;
    readonly body: Uint8Array | string;
    readonly condition: { readonly IfNoneMatch: string } | { readonly IfMatch: string };
  },
): Promise<boolean> {
  const { bucket, key, body, condition } = object;
  try {
    await clients.s3.send(
      new PutObjectCommand({ Bucket: bucket, Key: key, Body: body, ...condition }),
    );
    return true;
  } catch (error) {
    // 409: another conditional write was under way. 404: the object to replace was deleted.
    if (hasCode(error, 'PreconditionFailed', 'ConditionalRequestConflict', 'NoSuchKey'))
      return false;
    throw error;
  }
}

/** The size of an object in bytes; null when there is none. */
export async function headSize(
  clients: AwsClients,
  bucket: string,
  key: string,
): Promise<number | null> {
  try {
    const reply = await clients.s3.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
    return reply.ContentLength ?? 0;
  } catch (error) {
    // HEAD has no body: S3 can only say 404.
    if (hasCode(error, 'NotFound', 'NoSuchKey')) return null;
    throw error;
  }
}

interface ListedObject {
  readonly key: string;
  readonly sizeBytes: number;
  readonly modifiedAt: Instant;
}

export interface Listing {
  /** In the order of their bytes. */
  readonly keys: readonly string[];
  /** The same, with what S3 says of each. */
  readonly objects: readonly ListedObject[];
  /** Only with a delimiter: the "folders". */
  readonly prefixes: readonly string[];
}

/** Lists what begins with a prefix; with `/` as delimiter only one level of it. */
export async function list(
  clients: AwsClients,
  bucket: string,
  prefix: string,
  options: { readonly delimiter?: '/'; readonly startAfter?: string } = {},
): Promise<Listing> {
  const objects: ListedObject[] = [];
  const prefixes: string[] = [];
  let token: string | undefined;
  for (let page = 0; page < storeLimits.maxListPages; page += 1) {
    const reply = await clients.s3.send(
      new ListObjectsV2Command({
        Bucket: bucket,
        Prefix: prefix,
        Delimiter: options.delimiter,
        StartAfter: options.startAfter,
        ContinuationToken: token,
      }),
    );
    for (const { Key, Size, LastModified } of reply.Contents ?? []) {
      if (Key === undefined) continue;
      const modifiedAt = (LastModified ?? new Date(0)).toISOString();
      objects.push({ key: Key, sizeBytes: Size ?? 0, modifiedAt });
    }
    for (const each of reply.CommonPrefixes ?? []) {
      if (each.Prefix !== undefined) prefixes.push(each.Prefix);
    }
    token = reply.NextContinuationToken;
    if (token === undefined || token === '') {
      return { keys: objects.map(({ key }) => key), objects, prefixes };
    }
  }
  throw new Error(`more than ${storeLimits.maxListPages} pages of objects under ${prefix}`);
}

/** Deletes these objects; those that are not there are success. */
export async function deleteObjects(
  clients: AwsClients,
  bucket: string,
  keys: readonly string[],
): Promise<void> {
  for (let from = 0; from < keys.length; from += storeLimits.maxKeysPerDelete) {
    const reply = await clients.s3.send(
      new DeleteObjectsCommand({
        Bucket: bucket,
        Delete: {
          Quiet: true,
          Objects: keys.slice(from, from + storeLimits.maxKeysPerDelete).map((Key) => ({ Key })),
        },
      }),
    );
    // Single keys fail inside a reply of 200.
    const failed = reply.Errors?.[0];
    if (failed !== undefined) {
      const why = `S3 answered ${failed.Code ?? ''} for ${failed.Key ?? ''}.`;
      throw new Failure('aws-unavailable', 'Some objects were not deleted.', { why });
    }
  }
}

/**
 * Checks that the bucket is there and ours to use.
 *
 * @throws bucket-missing, not-authorized
 */
export async function checkBucket(clients: AwsClients, bucket: string): Promise<void> {
  try {
    await clients.s3.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (hasCode(error, 'NotFound', 'NoSuchBucket')) {
      throw new Failure('bucket-missing', `There is no bucket ${bucket}.`, { cause: error });
    }
    throw error;
  }
}
