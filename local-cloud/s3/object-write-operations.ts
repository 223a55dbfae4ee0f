/** PutObject and DeleteObject. */
import { readAttributes, refuseUnsupportedHeaders } from './attributes';
import { checksumHeader, DEFAULT_CHECKSUM_ALGORITHM } from './checksums';
import { readChecksumClaim } from './checksum-claim';
import { readWriteCondition } from './conditions';
import { receiveBlob } from './incoming';
import type { ObjectCall, ObjectOperation, S3World } from './operation';
import { currentSecond, type ObjectRecord } from './records';
import { emptyReply, type Reply } from './reply';

export const objectWriteOperations: readonly ObjectOperation[] = [
  { name: 'PutObject', method: 'PUT', target: 'object', perform: putObject },
  {
    name: 'DeleteObject',
    method: 'DELETE',
    target: 'object',
    perform: async (world, { request, target }) => {
      refuseUnsupportedHeaders(request.headers);
      const bucket = world.store.get(target.bucket);
      await bucket.deleteObject(target.key, request.headers.get('if-match'));
      return emptyReply(204);
    },
  },
];

async function putObject(world: S3World, { request, target, upload }: ObjectCall): Promise<Reply> {
  const bucket = world.store.get(target.bucket);
  refuseUnsupportedHeaders(request.headers);
  const attributes = readAttributes(request.headers);
  const algorithm = readChecksumClaim(request.headers)?.algorithm ?? DEFAULT_CHECKSUM_ALGORITHM;
  const write = bucket.beginWrite(target.key, readWriteCondition(request.headers));
  try {
    const blob = await receiveBlob(request, upload, world.store.blobs, algorithm);
    const record: ObjectRecord = {
      ...attributes,
      key: target.key,
      blobId: blob.blobId,
      sizeBytes: blob.sizeBytes,
      etag: blob.md5.toString('hex'),
      lastModified: currentSecond(),
      checksum: { algorithm, type: 'FULL_OBJECT', value: blob.checksumValue },
    };
    await bucket.putObject(record, write);
    return emptyReply(200, writtenHeaders(record));
  } finally {
    bucket.endWrite(write);
  }
}

/** What a write answers about the object it made. */
function writtenHeaders(record: ObjectRecord): Record<string, string> {
  const { algorithm, type, value } = record.checksum;
  return {
    etag: `"${record.etag}"`,
    'x-amz-server-side-encryption': 'AES256',
    [checksumHeader(algorithm)]: value,
    'x-amz-checksum-type': type,
  };
}
