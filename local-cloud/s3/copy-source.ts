/** The source of CopyObject and UploadPartCopy. */
import { percentDecode } from '../sigv4-canonical';
import type { Bucket } from './bucket';
import { decideRead, preconditionFailed, readReadConditions } from './conditions';
import { notImplemented, s3Error } from './errors';
import { openObject, type OpenObject } from './open-object';
import type { S3World } from './operation';
import type { S3Request } from './request';

/** The header that makes a write a copy. */
export const COPY_SOURCE_HEADER = 'x-amz-copy-source';

/** An open source; whoever has it must read it to its end or close it. */
export interface CopySource extends OpenObject {
  readonly bucket: Bucket;
}

/**
 * Opens the object that `x-amz-copy-source` names, if its conditions hold.
 * @throws InvalidArgument, NoSuchBucket, NoSuchKey, PreconditionFailed
 */
export async function openCopySource(world: S3World, request: S3Request): Promise<CopySource> {
  const { bucketName, key } = parseCopySource(request.headers.get(COPY_SOURCE_HEADER) ?? '');
  const bucket = world.store.get(bucketName);
  const opened = await openObject(world, bucket, key);
  try {
    const conditions = readReadConditions(request.headers, 'x-amz-copy-source-');
    if (decideRead(conditions, opened.record) === 'not-modified') {
      // There is no copy to answer 304 about.
      throw preconditionFailed('x-amz-copy-source-If-None-Match');
    }
    return { bucket, ...opened };
  } catch (error) {
    await opened.file.close();
    throw error;
  }
}

function parseCopySource(header: string): { bucketName: string; key: string } {
  const [path = '', query] = header.split('?');
  if (query !== undefined) throw notImplemented(`versions (x-amz-copy-source with ?${query})`);
  const match = /^\/?([^/]+)\/(.+)$/s.exec(percentDecode(path).toString('utf8'));
  if (match?.[1] === undefined || match[2] === undefined) {
    throw s3Error('InvalidArgument', {
      message: 'Copy Source must mention the source bucket and key: sourcebucket/sourcekey',
      details: { ArgumentName: COPY_SOURCE_HEADER, ArgumentValue: header },
    });
  }
  return { bucketName: match[1], key: match[2] };
}
