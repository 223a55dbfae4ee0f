/** Takes the `aws-chunked` framing off a body, verifying chunk signatures and the trailer. */
import { createHash } from 'node:crypto';

import type { ChunkVerifier } from '../sigv4-key';
import { s3Error } from './errors';

/** One chunk's header line, or the whole trailer; both are short in every client. */
const LINE_MAX_BYTES = 8192;
/** S3 refuses smaller chunks except the last: https://github.com/versity/versitygw/issues/1683 */
const CHUNK_MIN_BYTES = 8192;

/** How the body is framed; `onTrailer` receives the trailing headers once they are verified. */
export interface ChunkedOptions {
  readonly hasTrailer: boolean;
  readonly verifier: ChunkVerifier | null;
  readonly onTrailer: (trailer: ReadonlyMap<string, string>) => void;
}

/**
 * Yields the payload of an aws-chunked body.
 *
 * Bytes of a chunk are yielded before its signature is known: the receiver must not publish them
 * until the generator has ended.
 * @throws IncompleteBody, SignatureDoesNotMatch, InvalidChunkSizeError, MalformedTrailerError
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export async function* decodeAwsChunked(
  source: AsyncIterable<Buffer>,
  options: ChunkedOptions,
): AsyncGenerator<Buffer> {
  const reader = new ByteReader(source);
  let previousBytes = CHUNK_MIN_BYTES;
  // Bounded by the body: each turn consumes at least a header line.
  for (;;) {
    const header = parseChunkHeader(await reader.readLine());
    if (header.sizeBytes > 0 && previousBytes < CHUNK_MIN_BYTES) {
      throw s3Error('InvalidChunkSizeError', { details: { BadChunkSize: String(previousBytes) } });
    }
    previousBytes = header.sizeBytes;
    const hash = createHash('sha256');
    for await (const bytes of reader.read(header.sizeBytes)) {
      if (options.verifier) hash.update(bytes);
      yield bytes;
    }
    if (options.verifier?.verifyChunk(hash.digest('hex'), header.signature) === false) {
      throw s3Error('SignatureDoesNotMatch');
    }
    if (header.sizeBytes === 0) break;
    if ((await reader.readLine()) !== '') throw s3Error('IncompleteBody');
  }
  const lines = await reader.readRemainingLines();
  if (options.hasTrailer) options.onTrailer(readTrailer(lines, options.verifier));
}

function parseChunkHeader(line: string): { sizeBytes: number; signature: string } {
  const match = /^([0-9a-fA-F]{1,12})(?:;chunk-signature=([0-9a-f]{64}))?$/.exec(line);
  if (match === null) throw s3Error('IncompleteBody');
  return { sizeBytes: Number.parseInt(match[1] ?? '', 16), signature: match[2] ?? '' };
}

function readTrailer(
  lines: readonly string[],
  verifier: ChunkVerifier | null,
): ReadonlyMap<string, string> {
  const trailer = new Map<string, string>();
  for (const line of lines) {
    const mark = line.indexOf(':');
    if (mark < 1) throw s3Error('MalformedTrailerError');
    trailer.set(line.slice(0, mark).trim().toLowerCase(), line.slice(mark + 1).trim());
  }
  const signature = trailer.get('x-amz-trailer-signature') ?? '';
  trailer.delete('x-amz-trailer-signature');
  const signedText = [...trailer].map(([name, value]) => `${name}:${value}\n`).join('');
  if (verifier?.verifyTrailer(signedText, signature) === false) {
    throw s3Error('SignatureDoesNotMatch');
  }
  return trailer;
}

/** Reads lines and counted bytes from a stream, holding no more than one piece of it. */
class ByteReader {
  private readonly pieces: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Buffer>) {
    this.pieces = source[Symbol.asyncIterator]();
  }

  async readLine(): Promise<string> {
    while (!this.rest.includes('\n')) {
      if (!(await this.readMore())) throw s3Error('IncompleteBody');
      if (this.rest.length > LINE_MAX_BYTES && !this.rest.includes('\n')) {
        throw s3Error('IncompleteBody');
      }
    }
    const end = this.rest.indexOf('\n');
    const line = this.rest.toString('latin1', 0, end).replace(/\r$/, '');
    this.rest = this.rest.subarray(end + 1);
    return line;
  }

  async *read(countBytes: number): AsyncGenerator<Buffer> {
    let missing = countBytes;
    while (missing > 0) {
      if (this.rest.length === 0 && !(await this.readMore())) throw s3Error('IncompleteBody');
      const bytes = this.rest.subarray(0, missing);
      this.rest = this.rest.subarray(bytes.length);
      missing -= bytes.length;
      yield bytes;
    }
  }

  /** Clients differ in how many line ends they put between and behind trailers: all are skipped. */
  async readRemainingLines(): Promise<string[]> {
    while (await this.readMore()) {
      if (this.rest.length > LINE_MAX_BYTES) throw s3Error('MalformedTrailerError');
    }
    return this.rest
      .toString('latin1')
      .split(/\r?\n/)
      .filter((line) => line !== '');
  }

  private async readMore(): Promise<boolean> {
    const next = await this.pieces.next();
    if (next.done === true) return false;
    this.rest = this.rest.length === 0 ? next.value : Buffer.concat([this.rest, next.value]);
    return true;
  }
}
