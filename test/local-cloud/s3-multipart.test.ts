import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CompletedPart,
  type CreateMultipartUploadCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';

import { BUCKET, startS3Server, type S3Server } from './s3-server';

const MIB = 1024 ** 2;
const FIRST = randomBytes(5 * MIB);
const SECOND = randomBytes(1000);
const WHOLE = Buffer.concat([FIRST, SECOND]);

let server: S3Server;
let s3: S3Client;
beforeAll(async () => {
  server = await startS3Server();
  s3 = server.client();
});
afterAll(() => server.close());

async function begin(
  Key: string,
  more: Partial<CreateMultipartUploadCommandInput> = {},
): Promise<{ Bucket: string; Key: string; UploadId: string | undefined }> {
  const input = { Bucket: BUCKET, Key, ...more };
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand(input));
  return { Bucket: BUCKET, Key, UploadId };
}

type Upload = Awaited<ReturnType<typeof begin>>;

async function addPart(upload: Upload, PartNumber: number, Body: Buffer): Promise<CompletedPart> {
  const part = await s3.send(new UploadPartCommand({ ...upload, PartNumber, Body }));
  const { ETag, ChecksumCRC32, ChecksumSHA256, ChecksumCRC64NVME } = part;
  return { PartNumber, ETag, ChecksumCRC32, ChecksumSHA256, ChecksumCRC64NVME };
}

const addBoth = async (upload: Upload) => [
  await addPart(upload, 1, FIRST),
  await addPart(upload, 2, SECOND),
];

const complete = (upload: Upload, Parts: CompletedPart[], more = {}) =>
  s3.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...more }));

const base64 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes.toString('base64');
};

test('an upload in parts becomes one object with its type, metadata and a tag of its parts', async () => {
  const upload = await begin('model', { ContentType: 'model/x', Metadata: { step: '7' } });
  const parts = await addBoth(upload);
  const { ETag } = await complete(upload, parts);
  const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest();
  const expected = md5(Buffer.concat([md5(FIRST), md5(SECOND)])).toString('hex');
  expect(ETag).toBe(`"${expected}-2"`);

  const got = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'model' }));
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(WHOLE)).toBe(true);
  expect(got).toMatchObject({ ETag, ContentType: 'model/x', Metadata: { step: '7' } });
  const second = await s3.send(
    new GetObjectCommand({ Bucket: BUCKET, Key: 'model', PartNumber: 2 }),
  );
  expect(second).toMatchObject({ PartsCount: 2, ContentLength: SECOND.length });
  await server.waitForBlobs(({ sizesBytes }) => !sizesBytes.includes(SECOND.length));
});

test('a checksum is of the parts or of the whole, as the upload was begun', async () => {
  const composite = await begin('composite', { ChecksumAlgorithm: 'CRC32' });
  const parts = await addBoth(composite);
  const ofParts = crc32(
    Buffer.concat(parts.map((part) => Buffer.from(part.ChecksumCRC32 ?? '', 'base64'))),
  );
  expect(await complete(composite, parts)).toMatchObject({
    ChecksumType: 'COMPOSITE',
    ChecksumCRC32: `${base64(ofParts)}-2`,
  });

  const full = await begin('full', { ChecksumAlgorithm: 'CRC32', ChecksumType: 'FULL_OBJECT' });
  await addBoth(full);
  await expect(
    complete(full, await addBoth(full), { ChecksumCRC32: base64(1), ChecksumType: 'FULL_OBJECT' }),
  ).rejects.toMatchObject({ name: 'BadDigest' });
  expect(
    await complete(full, await addBoth(full), { ChecksumCRC32: base64(crc32(WHOLE)) }),
  ).toMatchObject({ ChecksumType: 'FULL_OBJECT', ChecksumCRC32: base64(crc32(WHOLE)) });
  const head = await s3.send(
    new HeadObjectCommand({ Bucket: BUCKET, Key: 'full', ChecksumMode: 'ENABLED' }),
  );
  expect(head.ChecksumCRC32).toBe(base64(crc32(WHOLE)));
});

test('a part must carry the checksum that its upload was begun with', async () => {
  const upload = await begin('mixed', { ChecksumAlgorithm: 'SHA256' });
  const part = { ...upload, PartNumber: 1, Body: SECOND };
  await expect(
    s3.send(new UploadPartCommand({ ...part, ChecksumAlgorithm: 'CRC32' })),
  ).rejects.toMatchObject({ name: 'InvalidRequest', message: /expected checksum Type: sha256/ });
  const { ETag } = await s3.send(new UploadPartCommand({ ...part, ChecksumAlgorithm: 'SHA256' }));
  await expect(complete(upload, [{ PartNumber: 1, ETag }])).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: /must include the checksum for each part/,
  });
});

test('parts that are missing, changed, small or out of order are refused', async () => {
  const upload = await begin('refused');
  const [first = {}, second = {}] = await addBoth(upload);
  const third = await addPart(upload, 3, SECOND);
  const refusals: [CompletedPart[], string][] = [
    [[second, first], 'InvalidPartOrder'],
    [[first, first], 'InvalidPartOrder'],
    [[first, { ...second, ETag: '"other"' }], 'InvalidPart'],
    [[first, { ...second, PartNumber: 4 }], 'InvalidPart'],
    [[first, second, third], 'EntityTooSmall'],
    [[], 'MalformedXML'],
  ];
  for (const [parts, name] of refusals) {
    await expect(complete(upload, parts)).rejects.toMatchObject({ name });
  }
  await expect(addPart(upload, 10_001, SECOND)).rejects.toMatchObject({ name: 'InvalidArgument' });
  // The upload is still good.
  await complete(upload, [first, second]);
  await expect(complete(upload, [first, second])).rejects.toMatchObject({ name: 'NoSuchUpload' });
});

test('a part can be replaced, and is listed with the others', async () => {
  const upload = await begin('listed');
  await addPart(upload, 2, FIRST);
  await addPart(upload, 2, SECOND);
  await addPart(upload, 1, FIRST);
  const page = await s3.send(new ListPartsCommand({ ...upload, MaxParts: 1 }));
  expect(page).toMatchObject({ IsTruncated: true, NextPartNumberMarker: '1' });
  const rest = await s3.send(
    new ListPartsCommand({ ...upload, PartNumberMarker: page.NextPartNumberMarker }),
  );
  expect(rest.IsTruncated).toBe(false);
  expect(rest.Parts).toMatchObject([{ PartNumber: 2, Size: SECOND.length }]);

  const uploads = await s3.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: 'lis' }));
  expect(uploads.Uploads).toMatchObject([{ Key: 'listed', UploadId: upload.UploadId }]);
  await s3.send(new AbortMultipartUploadCommand(upload));
  await expect(s3.send(new ListPartsCommand(upload))).rejects.toMatchObject({
    name: 'NoSuchUpload',
  });
});

test('parts can be copied from a range of another object', async () => {
  await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'source', Body: WHOLE }));
  const upload = await begin('from-copies');
  const copy = async (PartNumber: number, CopySourceRange: string) => {
    const { CopyPartResult } = await s3.send(
      new UploadPartCopyCommand({
        ...upload,
        PartNumber,
        CopySource: `${BUCKET}/source`,
        CopySourceRange,
      }),
    );
    const { ETag, ChecksumCRC32 } = CopyPartResult ?? {};
    return { PartNumber, ETag, ChecksumCRC32 };
  };
  const split = FIRST.length;
  await complete(upload, [
    await copy(1, `bytes=0-${split - 1}`),
    await copy(2, `bytes=${split}-${WHOLE.length - 1}`),
  ]);
  const got = await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key: 'from-copies' }));
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? []).equals(WHOLE)).toBe(true);
  await expect(copy(3, 'bytes=0-999999999')).rejects.toMatchObject({ name: 'NoSuchUpload' });
});

test('an unfinished upload is no object, and of two that finish under a condition one wins', async () => {
  const uploads = [await begin('once'), await begin('once')];
  await expect(
    s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'once' })),
  ).rejects.toMatchObject({ name: 'NotFound' });
  const outcomes = await Promise.allSettled(
    uploads.map(async (upload) =>
      complete(upload, [await addPart(upload, 1, SECOND)], { IfNoneMatch: '*' }),
    ),
  );
  expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  const [lost] = outcomes.filter((outcome) => outcome.status === 'rejected');
  expect(lost?.reason).toMatchObject({ name: 'PreconditionFailed', Condition: 'If-None-Match' });
});

test('an unfinished upload survives a restart and can be finished', async () => {
  const upload = await begin('patient');
  const first = await addPart(upload, 1, FIRST);
  await server.restart();
  s3 = server.client();
  await complete(upload, [first, await addPart(upload, 2, SECOND)]);
  const head = await s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'patient' }));
  expect(head.ContentLength).toBe(WHOLE.length);
});
