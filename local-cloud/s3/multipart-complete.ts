/** CompleteMultipartUpload: joins the parts and publishes them as one object. */
import { createHash } from 'node:crypto';

import { readSpan } from './blobs';
import type { PendingWrite } from './bucket';
import { checksumElement, checksumHeader, composeChecksum, type ObjectChecksum } from './checksums';
import { readWriteCondition, unquote } from './conditions';
import { s3Error } from './errors';
import { receiveText } from './incoming';
import { PART_MIN_BYTES, PART_NUMBER_MAX } from './multipart-limits';
import { findUpload } from './multipart-operations';
import type { ObjectCall, ObjectOperation, S3World } from './operation';
import { currentSecond, type ObjectRecord, type PartRecord } from './records';
import { xmlReply, type Reply } from './reply';
import type { S3Request } from './request';
import type { Upload } from './uploads';
import { childrenOf, readXml, textOf, type XmlNode } from './xml';

/** Ten thousand parts, each with an entity tag and a checksum, stay below it. */
const BODY = { checksumOf: 'object', maxBytes: 4 * 1024 ** 2 } as const;

export const completeOperations: readonly ObjectOperation[] = [
  {
    name: 'CompleteMultipartUpload',
    method: 'POST',
    target: 'object',
    selectors: ['uploadId'],
    perform: completeUpload,
  },
];

async function completeUpload(world: S3World, call: ObjectCall): Promise<Reply> {
  const { request, target } = call;
  const bucket = world.store.get(target.bucket);
  const condition = readWriteCondition(request.headers);
  findUpload(world, call);
  const document = readXml(
    await receiveText(request, call.upload, BODY),
    'CompleteMultipartUpload',
  );
  // Looked up again: it may have been completed while the list of parts came in.
  const upload = findUpload(world, call);
  const parts = pickParts(upload, childrenOf(document, 'Part'), request);

  const write = bucket.beginWrite(target.key, condition);
  bucket.uploads.beginCompletion(upload);
  try {
    const record = await publish(world, call, upload, parts, write);
    await bucket.uploads.remove(upload);
    return xmlReply([
      'CompleteMultipartUploadResult',
      [
        ['Location', `http://${request.headers.get('host') ?? ''}${request.path}`],
        ['Bucket', target.bucket],
        ['Key', target.key],
        ['ETag', `"${record.etag}"`],
        [checksumElement(record.checksum.algorithm), record.checksum.value],
        ['ChecksumType', record.checksum.type],
      ],
    ]);
  } finally {
    upload.isCompleting = false;
    bucket.endWrite(write);
  }
}

async function publish(
  world: S3World,
  { request, target }: ObjectCall,
  upload: Upload,
  parts: readonly PartRecord[],
  write: PendingWrite,
): Promise<ObjectRecord> {
  const { algorithm, type } = upload.record.checksum;
  const blob = await world.store.blobs.store(joinParts(world, parts), algorithm);
  const checksum: ObjectChecksum =
    type === 'COMPOSITE'
      ? composeChecksum(
          algorithm,
          parts.map((part) => part.checksum.value),
        )
      : { algorithm, type, value: blob.checksumValue };
  try {
    checkWhole(request, checksum, blob.sizeBytes);
  } catch (error) {
    await world.store.blobs.remove(blob.blobId);
    throw error;
  }
  const { headers, metadata, storageClass, uploadId } = upload.record;
  const record: ObjectRecord = {
    headers,
    metadata,
    storageClass,
    key: target.key,
    blobId: blob.blobId,
    sizeBytes: blob.sizeBytes,
    etag: composeEtag(parts),
    lastModified: currentSecond(),
    checksum,
    multipart: { uploadId, partSizesBytes: parts.map(({ sizeBytes }) => sizeBytes) },
  };
  await world.store.get(target.bucket).putObject(record, write);
  return record;
}

async function* joinParts(world: S3World, parts: readonly PartRecord[]): AsyncGenerator<Buffer> {
  for (const { blobId, sizeBytes } of parts) {
    const file = await world.store.blobs.open(blobId);
    yield* readSpan(file, { firstByte: 0, countBytes: sizeBytes });
  }
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html (ETag) */
function composeEtag(parts: readonly PartRecord[]): string {
  const md5 = createHash('md5');
  for (const { etag } of parts) md5.update(Buffer.from(etag, 'hex'));
  return `${md5.digest('hex')}-${parts.length}`;
}

/** @throws MalformedXML, InvalidPartOrder, InvalidPart, EntityTooSmall, InvalidRequest */
function pickParts(upload: Upload, nodes: readonly XmlNode[], request: S3Request): PartRecord[] {
  if (nodes.length === 0 || nodes.length > PART_NUMBER_MAX) throw s3Error('MalformedXML');
  const { type, isChosen } = upload.record.checksum;
  const typeClaim = request.headers.get('x-amz-checksum-type')?.toUpperCase() ?? type;
  if (typeClaim !== type) {
    throw s3Error('InvalidRequest', {
      message: `The upload was created using the ${type} checksum mode. The complete request must use the same checksum mode.`,
    });
  }
  let previous = 0;
  const parts = nodes.map((node) => {
    const partNumber = Number(textOf(node, 'PartNumber') ?? Number.NaN);
    if (!Number.isInteger(partNumber)) throw s3Error('MalformedXML');
    if (partNumber <= previous) throw s3Error('InvalidPartOrder');
    previous = partNumber;
    return pickPart(upload, node, partNumber, isChosen && type === 'COMPOSITE');
  });
  for (const part of parts.slice(0, -1)) {
    if (part.sizeBytes < PART_MIN_BYTES) throw tooSmall(part);
  }
  return parts;
}

function pickPart(
  upload: Upload,
  node: XmlNode,
  partNumber: number,
  needsChecksum: boolean,
): PartRecord {
  const { algorithm } = upload.record.checksum;
  const part = upload.parts.get(partNumber);
  const etag = unquote(textOf(node, 'ETag') ?? '');
  const checksum = textOf(node, checksumElement(part?.checksum.algorithm ?? algorithm));
  if (checksum === undefined && needsChecksum) {
    throw s3Error('InvalidRequest', {
      message: `The upload was created using a ${algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${partNumber} in the request.`,
    });
  }
  if (part?.etag !== etag || (checksum ?? part.checksum.value) !== part.checksum.value) {
    throw s3Error('InvalidPart', {
      details: {
        UploadId: upload.record.uploadId,
        PartNumber: String(partNumber),
        ETag: etag,
      },
    });
  }
  return part;
}

function tooSmall(part: PartRecord): Error {
  return s3Error('EntityTooSmall', {
    details: {
      ProposedSize: String(part.sizeBytes),
      MinSizeAllowed: String(PART_MIN_BYTES),
      PartNumber: String(part.partNumber),
      ETag: part.etag,
    },
  });
}

/** Compares the joined object with what the client says it is. @throws BadDigest, InvalidRequest */
function checkWhole(request: S3Request, checksum: ObjectChecksum, sizeBytes: number): void {
  const claimedBytes = request.headers.get('x-amz-mp-object-size');
  if (claimedBytes !== undefined && Number(claimedBytes) !== sizeBytes) {
    throw s3Error('InvalidRequest', {
      message: `The provided 'x-amz-mp-object-size' header does not match what was computed.`,
    });
  }
  const claimed = request.headers.get(checksumHeader(checksum.algorithm));
  if (claimed === undefined || claimed === checksum.value) return;
  // The number of parts may be left out of a composite checksum.
  if (checksum.type === 'COMPOSITE' && checksum.value.startsWith(`${claimed}-`)) return;
  throw s3Error('BadDigest', {
    message: `The ${checksum.algorithm.toLowerCase()} you specified did not match the calculated checksum.`,
  });
}
