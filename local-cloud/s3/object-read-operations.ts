/** GetObject and HeadObject. */
import { attributeHeaders } from './attributes';
import type { ByteSpan } from './blobs';
import { checksumHeader } from './checksums';
import { decideRead, readReadConditions } from './conditions';
import { s3Error } from './errors';
import { openObject } from './open-object';
import type { ObjectCall, ObjectOperation, S3World } from './operation';
import { parseRange, partSpan } from './ranges';
import type { ObjectRecord } from './records';
import { emptyReply, type Reply } from './reply';
import { readCount, type S3Request } from './request';
import { PART_NUMBER_MAX } from './multipart-limits';

/** Presigned links use them to name a download: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
const RESPONSE_OVERRIDES = new Map([
  ['response-cache-control', 'cache-control'],
  ['response-content-disposition', 'content-disposition'],
  ['response-content-encoding', 'content-encoding'],
  ['response-content-language', 'content-language'],
  ['response-content-type', 'content-type'],
  ['response-expires', 'expires'],
]);

const READ_PARAMETERS = ['partNumber', ...RESPONSE_OVERRIDES.keys()];

export const objectReadOperations: readonly ObjectOperation[] = [
  {
    name: 'GetObject',
    method: 'GET',
    target: 'object',
    parameters: READ_PARAMETERS,
    perform: getObject,
  },
  {
    name: 'HeadObject',
    method: 'HEAD',
    target: 'object',
    parameters: READ_PARAMETERS,
    perform: (world, { request, target }) => {
      const reading = decideReading(request, world.store.get(target.bucket).getObject(target.key));
      const { statusCode, headers, span } = reading;
      return emptyReply(statusCode, {
        ...headers,
        ...(statusCode === 304 ? {} : { 'content-length': String(span.countBytes) }),
      });
    },
  },
];

async function getObject(world: S3World, call: ObjectCall): Promise<Reply> {
  const bucket = world.store.get(call.target.bucket);
  const { record, file } = await openObject(world, bucket, call.target.key);
  try {
    const { statusCode, headers, span } = decideReading(call.request, record);
    if (statusCode === 304) {
      await file.close();
      return emptyReply(statusCode, headers);
    }
    return { statusCode, headers, body: { kind: 'file', file, ...span } };
  } catch (error) {
    await file.close();
    throw error;
  }
}

interface Reading {
  readonly statusCode: 200 | 206 | 304;
  readonly headers: Readonly<Record<string, string>>;
  readonly span: ByteSpan;
}

function decideReading(request: S3Request, record: ObjectRecord): Reading {
  const whole = { firstByte: 0, countBytes: record.sizeBytes };
  const identity = {
    etag: `"${record.etag}"`,
    'last-modified': new Date(record.lastModified).toUTCString(),
  };
  if (decideRead(readReadConditions(request.headers, ''), record) === 'not-modified') {
    return { statusCode: 304, headers: identity, span: whole };
  }
  const span = readSpan(request, record);
  const headers = {
    ...identity,
    'accept-ranges': 'bytes',
    // What S3 says of every object since 2023; here it is the disk's own business.
    'x-amz-server-side-encryption': 'AES256',
    ...attributeHeaders(record),
    ...overriddenHeaders(request),
  };
  if (span === undefined) {
    return {
      statusCode: 200,
      headers: { ...headers, ...checksumHeaders(request, record) },
      span: whole,
    };
  }
  const lastByte = span.firstByte + span.countBytes - 1;
  const partial = {
    'content-range': `bytes ${span.firstByte}-${lastByte}/${record.sizeBytes}`,
    ...partCountHeader(request, record),
  };
  return { statusCode: 206, headers: { ...headers, ...partial }, span };
}

function readSpan(request: S3Request, record: ObjectRecord): ByteSpan | undefined {
  const range = request.headers.get('range');
  if (!request.query.has('partNumber')) return parseRange(range, record.sizeBytes);
  if (range !== undefined) {
    const message = 'Cannot specify both Range header and partNumber query parameter';
    throw s3Error('InvalidRequest', { message });
  }
  const partNumber = readCount(request, 'partNumber', { fallback: 1, max: PART_NUMBER_MAX });
  const span = partSpan(record, partNumber);
  // A part of no bytes has no range to speak of.
  return span.countBytes === 0 ? undefined : span;
}

function partCountHeader(request: S3Request, record: ObjectRecord): Record<string, string> {
  return request.query.has('partNumber') && record.multipart !== undefined
    ? { 'x-amz-mp-parts-count': String(record.multipart.partSizesBytes.length) }
    : {};
}

/** A checksum is of the whole object, so it is no use beside a range. */
function checksumHeaders(request: S3Request, record: ObjectRecord): Record<string, string> {
  if (request.headers.get('x-amz-checksum-mode')?.toUpperCase() !== 'ENABLED') return {};
  const { algorithm, type, value } = record.checksum;
  return { [checksumHeader(algorithm)]: value, 'x-amz-checksum-type': type };
}

function overriddenHeaders(request: S3Request): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [parameter, header] of RESPONSE_OVERRIDES) {
    const value = request.query.get(parameter);
    if (value !== undefined) headers[header] = value;
  }
  return headers;
}
