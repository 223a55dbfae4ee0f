import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import type { AwsClients } from './clients';
import { inParallel } from './in-parallel';
import { storeLimits } from './limits';

export interface ObjectCopy {
  readonly bucket: string;
  readonly fromKey: string;
  readonly toKey: string;
  readonly sizeBytes: number;
}

/**
 * Copies an object within the bucket; its bytes never come here. Idempotent: a repeated copy replaces the same with the
 * same.
 *
 * @throws The SDK's NoSuchKey when the source is not there.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/CopyingObjectsMPUapi.html
 */
export async function copyObject(
  clients: AwsClients,
  copy: ObjectCopy,
  partBytes: number = storeLimits.copyPartBytes,
): Promise<void> {
  if (copy.sizeBytes > partBytes) return copyInParts(clients, copy, partBytes);
  await clients.s3.send(
    new CopyObjectCommand({
      Bucket: copy.bucket,
      Key: copy.toKey,
      CopySource: sourceOf(copy),
    }),
  );
}

async function copyInParts(
  clients: AwsClients,
  copy: ObjectCopy,
  partBytes: number,
): Promise<void> {
  const target = { Bucket: copy.bucket, Key: copy.toKey };
  const { UploadId } = await clients.s3.send(new CreateMultipartUploadCommand(target));
  try {
    const count = Math.ceil(copy.sizeBytes / partBytes);
    const numbers = Array.from({ length: count }, (_, index) => index + 1);
    const parts = await inParallel(storeLimits.parallelParts, numbers, async (number) => {
      const last = Math.min(number * partBytes, copy.sizeBytes) - 1;
      const reply = await clients.s3.send(
        new UploadPartCopyCommand({
          ...target,
          UploadId,
          PartNumber: number,
          CopySource: sourceOf(copy),
          CopySourceRange: `bytes=${(number - 1) * partBytes}-${last}`,
        }),
      );
      return { PartNumber: number, ETag: reply.CopyPartResult?.ETag };
    });
    await clients.s3.send(
      new CompleteMultipartUploadCommand({
        ...target,
        UploadId,
        MultipartUpload: { Parts: parts },
      }),
    );
  } catch (error) {
    // Its parts would be billed for ever; if even this fails, `resources cleanup` finds them.
    await clients.s3
      .send(new AbortMultipartUploadCommand({ ...target, UploadId }))
      .catch(() => undefined);
    throw error;
  }
}

/** A header, so it must be encoded; the slashes of the key stay. */
const sourceOf = ({ bucket, fromKey }: ObjectCopy): string =>
  [bucket, ...fromKey.split('/')].map(encodeURIComponent).join('/');
