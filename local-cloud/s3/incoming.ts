/** Receives a body: takes off its framing and compares it with all that the client said about it. */
import type { Readable } from 'node:stream';

import { signaturesMatch } from '../sigv4-key';
import { decodeAwsChunked } from './aws-chunked';
import { UPLOAD_MAX_BYTES, type BlobFolder, type StoredBlob } from './blobs';
import type { ChecksumAlgorithm } from './checksums';
import { readChecksumClaim, type ChecksumClaim } from './checksum-claim';
import { DigestMeter, type BodyDigests } from './digests';
import { s3Error } from './errors';
import type { S3Request, S3Upload } from './request';

/** Whose checksum the request's checksum header is: of the body, or of an object it speaks about. */
export interface ReceiveOptions {
  readonly checksumOf: 'body' | 'object';
  /** Computed when the body claims none. */
  readonly fallbackAlgorithm: ChecksumAlgorithm;
  readonly maxBytes: number;
}

/**
 * Streams a body into a sink and then verifies length, payload hash, Content-MD5 and checksum.
 * The sink has taken everything before the verdict: on an error its result must not be used.
 * @throws BadDigest, InvalidDigest, XAmzContentSHA256Mismatch, IncompleteBody, EntityTooLarge …
 */
async function receiveBody<Result>(
  request: S3Request,
  upload: S3Upload,
  options: ReceiveOptions,
  sink: (pieces: AsyncIterable<Buffer>) => Promise<Result>,
): Promise<{ result: Result; digests: BodyDigests }> {
  const lengthBytes = readLength(request, upload, options.maxBytes);
  const claim = options.checksumOf === 'body' ? readChecksumClaim(request.headers) : undefined;
  const expectedMd5 = readContentMd5(request.headers.get('content-md5'));
  const meter = new DigestMeter({
    algorithm: claim?.algorithm ?? options.fallbackAlgorithm,
    withSha256: upload.payload.kind === 'sha256',
  });
  const trailer = new Map<string, string>();
  const payload = readPayload(upload, (name, value) => trailer.set(name, value));
  const result = await sink(
    meter.measure(payload, (sizeBytes) => {
      if (sizeBytes > lengthBytes) throw s3Error('IncompleteBody');
    }),
  );
  const digests = meter.finish();
  if (digests.sizeBytes !== lengthBytes) throw s3Error('IncompleteBody');
  checkPayloadHash(upload, digests.sha256Hex);
  if (expectedMd5?.equals(digests.md5) === false) throw s3Error('BadDigest');
  if (claim !== undefined) checkChecksum(claim, trailer, digests.checksumValue);
  return { result, digests };
}

/** Receives a body into a new blob; no blob is left behind when the body is refused. */
export async function receiveBlob(
  request: S3Request,
  upload: S3Upload,
  blobs: BlobFolder,
  fallbackAlgorithm: ChecksumAlgorithm,
): Promise<StoredBlob> {
  let blobId: string | undefined;
  try {
    const options = { checksumOf: 'body', fallbackAlgorithm, maxBytes: UPLOAD_MAX_BYTES } as const;
    const received = await receiveBody(request, upload, options, async (pieces) => {
      blobId = await blobs.write(pieces);
      return blobId;
    });
    return { blobId: received.result, ...received.digests };
  } catch (error) {
    if (blobId !== undefined) await blobs.remove(blobId);
    throw error;
  }
}

/** Receives a small document into memory. @throws MaxMessageLengthExceeded */
export async function receiveText(
  request: S3Request,
  upload: S3Upload,
  options: { readonly checksumOf: ReceiveOptions['checksumOf']; readonly maxBytes: number },
): Promise<string> {
  const receiveOptions = { ...options, fallbackAlgorithm: 'CRC32' } as const;
  const { result } = await receiveBody(request, upload, receiveOptions, async (pieces) => {
    const held: Buffer[] = [];
    for await (const piece of pieces) held.push(piece);
    return Buffer.concat(held).toString('utf8');
  });
  return result;
}

/** How many payload bytes will come. @throws MissingContentLength, NotImplemented, EntityTooLarge */
function readLength(request: S3Request, upload: S3Upload, maxBytes: number): number {
  const isChunked = upload.payload.kind === 'chunked';
  const text = request.headers.get(isChunked ? 'x-amz-decoded-content-length' : 'content-length');
  if (text === undefined || !/^\d{1,15}$/.test(text)) {
    if (!isChunked && request.headers.has('transfer-encoding')) {
      throw s3Error('NotImplemented', { details: { Header: 'Transfer-Encoding' } });
    }
    throw s3Error('MissingContentLength');
  }
  if (Number(text) > maxBytes) {
    throw s3Error(maxBytes === UPLOAD_MAX_BYTES ? 'EntityTooLarge' : 'MaxMessageLengthExceeded', {
      details: { ProposedSize: text, MaxSizeAllowed: String(maxBytes) },
    });
  }
  return Number(text);
}

function readContentMd5(header: string | undefined): Buffer | undefined {
  if (header === undefined) return undefined;
  const digest = Buffer.from(header, 'base64');
  if (digest.length !== 16) throw s3Error('InvalidDigest');
  return digest;
}

function readPayload(
  upload: S3Upload,
  onTrailer: (name: string, value: string) => void,
): AsyncIterable<Buffer> {
  // A refused body must not take the connection with it: the client is still to read the answer.
  const pieces = readBuffers(upload.stream);
  if (upload.payload.kind !== 'chunked') return pieces;
  const { hasTrailer, verifier } = upload.payload;
  return decodeAwsChunked(pieces, {
    hasTrailer,
    verifier,
    onTrailer: (trailer) => {
      for (const [name, value] of trailer) onTrailer(name, value);
    },
  });
}

function readBuffers(stream: Readable): AsyncIterable<Buffer> {
  return stream.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>; // no encoding is set
}

function checkPayloadHash({ payload }: S3Upload, sha256Hex: string | undefined): void {
  if (payload.kind !== 'sha256' || signaturesMatch(payload.sha256Hex, sha256Hex ?? '')) return;
  throw s3Error('XAmzContentSHA256Mismatch');
}

function checkChecksum(
  claim: ChecksumClaim,
  trailer: ReadonlyMap<string, string>,
  computed: string,
): void {
  const expected = claim.place === 'header' ? claim.value : trailer.get(claim.header);
  if (expected === undefined) throw s3Error('MalformedTrailerError');
  if (expected !== computed) {
    throw s3Error('BadDigest', {
      message: `The ${claim.algorithm} you specified did not match the calculated checksum.`,
    });
  }
}
