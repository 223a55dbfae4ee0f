/** The arithmetic of Signature Version 4: signing key, signature, and the signatures of chunks. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** Which day, region and service a signature is for. */
export interface CredentialScope {
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

const EMPTY_SHA256 = createHash('sha256').digest('hex');

/** Derives the key that signs every request of one day, region and service. */
export function deriveSigningKey(secretAccessKey: string, scope: CredentialScope): Buffer {
  return [scope.date, scope.region, scope.service, 'aws4_request'].reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
}

/** The scope as it stands in a string to sign. */
export function scopeText(scope: CredentialScope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
}

/** The hex signature of a text. */
export function sign(signingKey: Buffer, text: string): string {
  return hmac(signingKey, text).toString('hex');
}

/** Compares two signatures in a time that does not depend on where they differ. */
export function signaturesMatch(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Verifies the chunk signatures of one `STREAMING-AWS4-HMAC-SHA256-PAYLOAD` body, in order. */
export interface ChunkVerifier {
  /** True when the signature is that of the next chunk, whose bytes have this hex SHA-256. */
  verifyChunk(chunkSha256: string, signature: string): boolean;
  /** True when the signature is that of the trailer, as `name:value\n` lines. */
  verifyTrailer(trailer: string, signature: string): boolean;
}

/**
 * Each chunk's signature covers the one before it, beginning with that of the request.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
export function createChunkVerifier(options: {
  readonly signingKey: Buffer;
  readonly timestamp: string;
  readonly scope: CredentialScope;
  readonly seedSignature: string;
}): ChunkVerifier {
  const { signingKey, timestamp, scope } = options;
  let previous = options.seedSignature;
  const verifyNext = (algorithm: string, hashes: readonly string[], signature: string) => {
    const lines = [algorithm, timestamp, scopeText(scope), previous, ...hashes];
    previous = sign(signingKey, lines.join('\n'));
    return signaturesMatch(previous, signature);
  };
  return {
    verifyChunk: (chunkSha256, signature) =>
      verifyNext('AWS4-HMAC-SHA256-PAYLOAD', [EMPTY_SHA256, chunkSha256], signature),
    verifyTrailer: (trailer, signature) =>
      verifyNext(
        'AWS4-HMAC-SHA256-TRAILER',
        [createHash('sha256').update(trailer, 'latin1').digest('hex')],
        signature,
      ),
  };
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text, 'latin1').digest();
}
