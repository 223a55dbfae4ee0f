/** CopyObject. */
import { readAttributes, refuseUnsupportedHeaders } from './attributes';
import { readSpan, UPLOAD_MAX_BYTES } from './blobs';
import { checksumElement, parseChecksumAlgorithm, type ChecksumAlgorithm } from './checksums';
import { readWriteCondition } from './conditions';
import { COPY_SOURCE_HEADER, openCopySource, type CopySource } from './copy-source';
import { notImplemented, s3Error } from './errors';
import type { ObjectCall, ObjectOperation, S3World } from './operation';
import { currentSecond, type ObjectAttributes, type ObjectRecord } from './records';
import { xmlReply, type Reply } from './reply';
import type { S3Request } from './request';

export const copyOperations: readonly ObjectOperation[] = [
  {
    name: 'CopyObject',
    method: 'PUT',
    target: 'object',
    selectingHeader: COPY_SOURCE_HEADER,
    perform: copyObject,
  },
];

async function copyObject(world: S3World, { request, target }: ObjectCall): Promise<Reply> {
  const bucket = world.store.get(target.bucket);
  refuseUnsupportedHeaders(request.headers);
  const write = bucket.beginWrite(target.key, readWriteCondition(request.headers));
  try {
    const source = await openCopySource(world, request);
    const record = await writeCopy(world, source, request, target);
    await bucket.putObject(record, write);
    return xmlReply([
      'CopyObjectResult',
      [
        ['LastModified', record.lastModified],
        ['ETag', `"${record.etag}"`],
        [checksumElement(record.checksum.algorithm), record.checksum.value],
        ['ChecksumType', record.checksum.type],
      ],
    ]);
  } finally {
    bucket.endWrite(write);
  }
}

/** A copy is a new object of one part, whatever the source was: its bytes are digested again. */
async function writeCopy(
  world: S3World,
  source: CopySource,
  request: S3Request,
  target: ObjectCall['target'],
): Promise<ObjectRecord> {
  let attributes: ObjectAttributes;
  let algorithm: ChecksumAlgorithm;
  try {
    attributes = decideAttributes(source, request, target);
    algorithm = readAlgorithm(request) ?? source.record.checksum.algorithm;
  } catch (error) {
    await source.file.close();
    throw error;
  }
  const span = { firstByte: 0, countBytes: source.record.sizeBytes };
  const blob = await world.store.blobs.store(readSpan(source.file, span), algorithm);
  return {
    ...attributes,
    key: target.key,
    blobId: blob.blobId,
    sizeBytes: blob.sizeBytes,
    etag: blob.md5.toString('hex'),
    lastModified: currentSecond(),
    checksum: { algorithm, type: 'FULL_OBJECT', value: blob.checksumValue },
  };
}

function decideAttributes(
  source: CopySource,
  request: S3Request,
  target: ObjectCall['target'],
): ObjectAttributes {
  if (source.record.sizeBytes > UPLOAD_MAX_BYTES) {
    throw s3Error('InvalidRequest', {
      message: `The specified copy source is larger than the maximum allowable size for a copy source: ${UPLOAD_MAX_BYTES}`,
    });
  }
  const { headers } = request;
  const directive = headers.get('x-amz-metadata-directive') ?? 'COPY';
  if (directive !== 'COPY' && directive !== 'REPLACE') {
    throw s3Error('InvalidArgument', { message: 'Unknown metadata directive.' });
  }
  if ((headers.get('x-amz-tagging-directive') ?? 'COPY') !== 'COPY') {
    throw notImplemented('object tags');
  }
  const isOntoItself =
    source.bucket.record.name === target.bucket && source.record.key === target.key;
  const isChanged = ['x-amz-storage-class', 'x-amz-server-side-encryption'].some((name) =>
    headers.has(name),
  );
  if (isOntoItself && directive === 'COPY' && !isChanged) {
    throw s3Error('InvalidRequest', {
      message:
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    });
  }
  const asked = readAttributes(headers);
  if (directive === 'REPLACE') return asked;
  const { headers: kept, metadata } = source.record;
  return { headers: kept, metadata, storageClass: asked.storageClass };
}

function readAlgorithm(request: S3Request): ChecksumAlgorithm | undefined {
  const text = request.headers.get('x-amz-checksum-algorithm');
  if (text === undefined) return undefined;
  const algorithm = parseChecksumAlgorithm(text);
  if (algorithm === undefined) throw notImplemented(`the checksum algorithm ${text}`);
  return algorithm;
}
