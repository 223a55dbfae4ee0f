/** Beginning a multipart upload, its parts, and giving it up. */
import { randomBytes } from 'node:crypto';

import { readAttributes, refuseUnsupportedHeaders } from './attributes';
import { readSpan, UPLOAD_MAX_BYTES, type ByteSpan, type StoredBlob } from './blobs';
import { readChecksumClaim } from './checksum-claim';
import { checksumElement, checksumHeader, type ChecksumAlgorithm } from './checksums';
import { COPY_SOURCE_HEADER, openCopySource } from './copy-source';
import { s3Error } from './errors';
import { receiveBlob } from './incoming';
import { PART_NUMBER_MAX } from './multipart-limits';
import type { ObjectCall, ObjectOperation, S3World } from './operation';
import { parseRange } from './ranges';
import { currentSecond, type PartRecord } from './records';
import { emptyReply, xmlReply, type Reply } from './reply';
import type { S3Request } from './request';
import { readUploadChecksum } from './upload-checksum';
import type { Upload } from './uploads';

export const multipartOperations: readonly ObjectOperation[] = [
  {
    name: 'CreateMultipartUpload',
    method: 'POST',
    target: 'object',
    selectors: ['uploads'],
    perform: createUpload,
  },
  {
    name: 'UploadPart',
    method: 'PUT',
    target: 'object',
    selectors: ['uploadId', 'partNumber'],
    perform: uploadPart,
  },
  {
    name: 'UploadPartCopy',
    method: 'PUT',
    target: 'object',
    selectors: ['uploadId', 'partNumber'],
    selectingHeader: COPY_SOURCE_HEADER,
    perform: uploadPartCopy,
  },
  {
    name: 'AbortMultipartUpload',
    method: 'DELETE',
    target: 'object',
    selectors: ['uploadId'],
    perform: async (world, call) => {
      await world.store.get(call.target.bucket).uploads.abort(findUpload(world, call));
      return emptyReply(204);
    },
  },
];

/** The upload a request names. @throws NoSuchBucket, NoSuchUpload */
export function findUpload(world: S3World, { request, target }: ObjectCall): Upload {
  const uploadId = request.query.get('uploadId') ?? '';
  return world.store.get(target.bucket).uploads.get(uploadId, target.key);
}

async function createUpload(world: S3World, { request, target }: ObjectCall): Promise<Reply> {
  const bucket = world.store.get(target.bucket);
  refuseUnsupportedHeaders(request.headers);
  const checksum = readUploadChecksum(request.headers);
  const uploadId = randomBytes(24).toString('base64url');
  await bucket.createUpload({
    ...readAttributes(request.headers),
    uploadId,
    key: target.key,
    initiatedAt: currentSecond(),
    checksum,
  });
  return xmlReply(
    [
      'InitiateMultipartUploadResult',
      [
        ['Bucket', target.bucket],
        ['Key', target.key],
        ['UploadId', uploadId],
      ],
    ],
    checksum.isChosen
      ? {
          'x-amz-checksum-algorithm': checksum.algorithm,
          'x-amz-checksum-type': checksum.type,
        }
      : {},
  );
}

async function uploadPart(world: S3World, call: ObjectCall): Promise<Reply> {
  const { request } = call;
  refuseUnsupportedHeaders(request.headers);
  const upload = findUpload(world, call);
  const partNumber = readPartNumber(request);
  const algorithm = decidePartAlgorithm(upload, request);
  const blob = await receiveBlob(request, call.upload, world.store.blobs, algorithm);
  const part = await publishPart(world, call, upload, { partNumber, blob, algorithm });
  return emptyReply(200, {
    etag: `"${part.etag}"`,
    'x-amz-server-side-encryption': 'AES256',
    [checksumHeader(algorithm)]: part.checksum.value,
  });
}

async function uploadPartCopy(world: S3World, call: ObjectCall): Promise<Reply> {
  const { request } = call;
  refuseUnsupportedHeaders(request.headers);
  const upload = findUpload(world, call);
  const partNumber = readPartNumber(request);
  const { record, file } = await openCopySource(world, request);
  let span: ByteSpan;
  try {
    span = readCopySpan(request, record.sizeBytes);
  } catch (error) {
    await file.close();
    throw error;
  }
  const { algorithm } = upload.record.checksum;
  const blob = await world.store.blobs.store(readSpan(file, span), algorithm);
  const part = await publishPart(world, call, upload, { partNumber, blob, algorithm });
  return xmlReply([
    'CopyPartResult',
    [
      ['LastModified', part.lastModified],
      ['ETag', `"${part.etag}"`],
      [checksumElement(algorithm), part.checksum.value],
    ],
  ]);
}

async function publishPart(
  world: S3World,
  call: ObjectCall,
  upload: Upload,
  stored: {
    readonly partNumber: number;
    readonly blob: StoredBlob;
    readonly algorithm: ChecksumAlgorithm;
  },
): Promise<PartRecord> {
  const { partNumber, blob, algorithm } = stored;
  const part: PartRecord = {
    partNumber,
    blobId: blob.blobId,
    sizeBytes: blob.sizeBytes,
    etag: blob.md5.toString('hex'),
    lastModified: currentSecond(),
    checksum: { algorithm, value: blob.checksumValue },
  };
  await world.store.get(call.target.bucket).uploads.putPart(upload, part);
  return part;
}

function readPartNumber(request: S3Request): number {
  const text = request.query.get('partNumber') ?? '';
  const partNumber = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (partNumber < 1 || partNumber > PART_NUMBER_MAX) {
    throw s3Error('InvalidArgument', {
      message: `Part number must be an integer between 1 and ${PART_NUMBER_MAX}, inclusive`,
      details: { ArgumentName: 'partNumber', ArgumentValue: text },
    });
  }
  return partNumber;
}

/**
 * A part carries the checksum that its upload was begun with, and no other. Only an upload whose
 * checksum is of the whole object lets a part go without, and one that chose none takes any.
 * Seen at S3: https://github.com/versity/versitygw/issues/1342, https://github.com/aws/aws-sdk-java-v2/issues/6518
 */
function decidePartAlgorithm(upload: Upload, request: S3Request): ChecksumAlgorithm {
  const { algorithm, type, isChosen } = upload.record.checksum;
  const claimed = readChecksumClaim(request.headers)?.algorithm;
  if (!isChosen) return claimed ?? algorithm;
  if (claimed === algorithm || (claimed === undefined && type === 'FULL_OBJECT')) return algorithm;
  throw s3Error('InvalidRequest', {
    message: `Checksum Type mismatch occurred, expected checksum Type: ${algorithm.toLowerCase()}, actual checksum Type: ${claimed?.toLowerCase() ?? 'null'}`,
  });
}

function readCopySpan(request: S3Request, sizeBytes: number): ByteSpan {
  const header = request.headers.get('x-amz-copy-source-range');
  if (header !== undefined && !/^bytes=\d+-\d+$/.test(header)) {
    throw s3Error('InvalidArgument', {
      message: 'The x-amz-copy-source-range value must be of the form bytes=first-last',
      details: { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: header },
    });
  }
  const last = Number(header?.split('-')[1] ?? 0);
  if (last >= sizeBytes && header !== undefined) {
    throw s3Error('InvalidArgument', {
      message: `Range specified is not valid for source object of size: ${sizeBytes}`,
      details: { ArgumentName: 'x-amz-copy-source-range', ArgumentValue: header },
    });
  }
  const span = parseRange(header, sizeBytes) ?? { firstByte: 0, countBytes: sizeBytes };
  if (span.countBytes > UPLOAD_MAX_BYTES) throw s3Error('EntityTooLarge');
  return span;
}
