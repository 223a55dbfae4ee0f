/** What a request says about the checksum of its body. Pure functions. */
import {
  CHECKSUM_ALGORITHMS,
  CHECKSUM_BYTES,
  checksumHeader,
  parseChecksumAlgorithm,
  type ChecksumAlgorithm,
} from './checksums';
import { notImplemented, s3Error } from './errors';

/** A checksum to expect: in a header, or announced for the trailer. */
export type ChecksumClaim =
  | {
      readonly place: 'header';
      readonly algorithm: ChecksumAlgorithm;
      readonly header: string;
      readonly value: string;
    }
  | { readonly place: 'trailer'; readonly algorithm: ChecksumAlgorithm; readonly header: string };

/** Headers that begin like a checksum and are none. */
const NOT_A_CHECKSUM = new Set([
  'x-amz-checksum-algorithm',
  'x-amz-checksum-mode',
  'x-amz-checksum-type',
]);

/**
 * Finds the one checksum a request carries, if any.
 * @throws InvalidRequest for two checksums, a malformed one, or one that was announced and is absent
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
export function readChecksumClaim(headers: ReadonlyMap<string, string>): ChecksumClaim | undefined {
  const names = [...headers.keys(), ...splitNames(headers.get('x-amz-trailer'))].filter(
    (name) => name.startsWith('x-amz-checksum-') && !NOT_A_CHECKSUM.has(name),
  );
  if (names.length > 1) {
    throw invalidRequest(
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  const announced = headers.get('x-amz-sdk-checksum-algorithm');
  const [header] = names;
  if (header === undefined) {
    if (announced === undefined) return undefined;
    throw invalidRequest(
      'x-amz-sdk-checksum-algorithm specified, but no corresponding x-amz-checksum-* or x-amz-trailer headers were found.',
    );
  }
  const algorithm = CHECKSUM_ALGORITHMS.find((known) => checksumHeader(known) === header);
  if (algorithm === undefined) throw notImplemented(`the checksum header ${header}`);
  if (announced !== undefined && parseChecksumAlgorithm(announced) !== algorithm) {
    throw invalidRequest('Value for x-amz-sdk-checksum-algorithm header is invalid.');
  }
  const value = headers.get(header);
  if (value === undefined) return { place: 'trailer', algorithm, header };
  checkChecksumValue(algorithm, value, header);
  return { place: 'header', algorithm, header, value };
}

/** @throws InvalidRequest when the text is not Base64 of as many bytes as the algorithm has */
function checkChecksumValue(algorithm: ChecksumAlgorithm, value: string, place: string): void {
  const digest = Buffer.from(value, 'base64');
  if (digest.length !== CHECKSUM_BYTES[algorithm] || digest.toString('base64') !== value) {
    throw invalidRequest(`Value for ${place} header is invalid.`);
  }
}

function splitNames(header: string | undefined): string[] {
  return (header ?? '')
    .split(',')
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== '');
}

function invalidRequest(message: string): Error {
  return s3Error('InvalidRequest', { message });
}
