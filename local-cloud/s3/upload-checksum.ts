/** Which checksum the parts of a multipart upload carry. Pure functions. */
import {
  DEFAULT_CHECKSUM_ALGORITHM,
  parseChecksumAlgorithm,
  type ChecksumAlgorithm,
  type ChecksumType,
} from './checksums';
import { notImplemented, s3Error } from './errors';
import type { UploadChecksum } from './records';

/**
 * Only linear checksums can be of the whole object, and this one always is.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
const ALLOWED_TYPES: Readonly<Record<ChecksumAlgorithm, readonly ChecksumType[]>> = {
  CRC32: ['COMPOSITE', 'FULL_OBJECT'],
  CRC32C: ['COMPOSITE', 'FULL_OBJECT'],
  CRC64NVME: ['FULL_OBJECT'],
  SHA1: ['COMPOSITE'],
  SHA256: ['COMPOSITE'],
};

/** Reads algorithm and type of CreateMultipartUpload. @throws InvalidRequest, NotImplemented */
export function readUploadChecksum(headers: ReadonlyMap<string, string>): UploadChecksum {
  const name = headers.get('x-amz-checksum-algorithm');
  const typeName = headers.get('x-amz-checksum-type')?.toUpperCase();
  if (name === undefined) {
    if (typeName !== undefined) {
      const message =
        'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.';
      throw s3Error('InvalidRequest', { message });
    }
    return { algorithm: DEFAULT_CHECKSUM_ALGORITHM, type: 'FULL_OBJECT', isChosen: false };
  }
  const algorithm = parseChecksumAlgorithm(name);
  if (algorithm === undefined) throw notImplemented(`the checksum algorithm ${name}`);
  const allowed = ALLOWED_TYPES[algorithm];
  const type = typeName === undefined ? allowed[0] : allowed.find((one) => one === typeName);
  if (type === undefined) {
    throw s3Error('InvalidRequest', {
      message: `The ${typeName ?? ''} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    });
  }
  return { algorithm, type, isChosen: true };
}
