/** Byte ranges of a read. Pure functions. */
import type { ByteSpan } from './blobs';
import { s3Error } from './errors';
import type { ObjectRecord } from './records';

/**
 * Reads a Range header against a size. `undefined`: the whole object, also for a header that is
 * malformed or asks for several ranges, which S3 ignores as RFC 9110 section 14.2 allows.
 * @throws InvalidRange when no byte of the range exists
 */
export function parseRange(header: string | undefined, sizeBytes: number): ByteSpan | undefined {
  const match = /^bytes=\s*(\d*)\s*-\s*(\d*)\s*$/.exec(header ?? '');
  const [first, last] = [match?.[1] ?? '', match?.[2] ?? ''];
  if (first === '' && last === '') return undefined;
  if (first === '') {
    const countBytes = Math.min(Number(last), sizeBytes);
    if (countBytes === 0) throw invalidRange(header ?? '', sizeBytes);
    return { firstByte: sizeBytes - countBytes, countBytes };
  }
  const firstByte = Number(first);
  const lastByte = last === '' ? Number.MAX_SAFE_INTEGER : Number(last);
  if (lastByte < firstByte) return undefined;
  if (firstByte >= sizeBytes) throw invalidRange(header ?? '', sizeBytes);
  return { firstByte, countBytes: Math.min(lastByte + 1, sizeBytes) - firstByte };
}

/**
 * The span of one part of a multipart object; any other object is one part.
 * @throws InvalidRange (S3 says InvalidPartNumber with the same status) when there is no such part
 */
export function partSpan(record: ObjectRecord, partNumber: number): ByteSpan {
  const sizes = record.multipart?.partSizesBytes ?? [record.sizeBytes];
  const countBytes = sizes[partNumber - 1];
  if (countBytes === undefined) {
    throw invalidRange(`part ${partNumber}`, record.sizeBytes);
  }
  const firstByte = sizes.slice(0, partNumber - 1).reduce((sum, size) => sum + size, 0);
  return { firstByte, countBytes };
}

function invalidRange(requested: string, sizeBytes: number): Error {
  return s3Error('InvalidRange', {
    details: { RangeRequested: requested, ActualObjectSize: String(sizeBytes) },
  });
}
