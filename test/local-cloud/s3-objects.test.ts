import { Readable } from 'node:stream';

import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketLocationCommand,
  GetBucketTaggingCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketVersioningCommand,
  PutObjectCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

import { BUCKET, startS3Server, type S3Server } from './s3-server';

let server: S3Server;
let s3: S3Client;
beforeAll(async () => {
  server = await startS3Server();
  s3 = server.client();
});
afterAll(() => server.close());

const put = (Key: string, Body: string | Buffer | Readable, more = {}) =>
  s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ...more }));
const get = (Key: string, more = {}) =>
  s3.send(new GetObjectCommand({ Bucket: BUCKET, Key, ...more }));
const read = async (Key: string, more = {}) =>
  (await (await get(Key, more)).Body?.transformToString()) ?? '';

test('an object comes back with its bytes, type, metadata and checksum', async () => {
  const written = await put('runs/a/hello.txt', 'hello', {
    ContentType: 'text/plain',
    CacheControl: 'no-store',
    Metadata: { 'run-id': 'r1' },
  });
  expect(written).toMatchObject({
    ETag: '"5d41402abc4b2a76b9719d911017c592"',
    ChecksumCRC32: 'NhCmhg==',
  });
  const got = await get('runs/a/hello.txt');
  expect(await got.Body?.transformToString()).toBe('hello');
  expect(got).toMatchObject({
    ContentType: 'text/plain',
    CacheControl: 'no-store',
    Metadata: { 'run-id': 'r1' },
    ChecksumCRC32: 'NhCmhg==',
    ChecksumType: 'FULL_OBJECT',
  });
});

test('a stream, sent aws-chunked with a trailing checksum, is stored without its framing', async () => {
  const bytes = Buffer.alloc(200_000, 'abc');
  await put('stream', Readable.from([bytes]), {
    ContentLength: bytes.length,
    ContentEncoding: 'gzip',
  });
  const got = await get('stream');
  expect(Buffer.from((await got.Body?.transformToByteArray()) ?? [])).toEqual(bytes);
  expect(got.ContentEncoding).toBe('gzip');
});

test('ranges are answered with exactly their bytes, and no checksum of the whole', async () => {
  await put('digits', '0123456789');
  const part = await get('digits', { Range: 'bytes=2-4' });
  expect(part).toMatchObject({ ContentRange: 'bytes 2-4/10', ContentLength: 3 });
  expect(part.ChecksumCRC32).toBeUndefined();
  expect(await part.Body?.transformToString()).toBe('234');
  expect(await read('digits', { Range: 'bytes=-3' })).toBe('789');
  expect(await read('digits', { Range: 'bytes=7-' })).toBe('789');
  expect(await read('digits', { Range: 'bytes=8-99' })).toBe('89');
  await expect(get('digits', { Range: 'bytes=10-' })).rejects.toMatchObject({
    name: 'InvalidRange',
    $metadata: { httpStatusCode: 416 },
    ActualObjectSize: '10',
  });
});

test('an empty object is an object', async () => {
  await put('empty', '');
  expect(await read('empty')).toBe('');
});

test('a read can depend on the entity tag and on the date', async () => {
  const { ETag } = await put('tagged', 'x');
  expect(await read('tagged', { IfMatch: ETag })).toBe('x');
  await expect(get('tagged', { IfMatch: '"other"' })).rejects.toMatchObject({
    name: 'PreconditionFailed',
  });
  await expect(get('tagged', { IfNoneMatch: ETag })).rejects.toMatchObject({
    $metadata: { httpStatusCode: 304 },
  });
  const { LastModified } = await get('tagged');
  await expect(get('tagged', { IfModifiedSince: LastModified })).rejects.toMatchObject({
    $metadata: { httpStatusCode: 304 },
  });
  const before = new Date((LastModified?.getTime() ?? 0) - 1000);
  expect(await read('tagged', { IfModifiedSince: before })).toBe('x');
  await expect(get('tagged', { IfUnmodifiedSince: before })).rejects.toMatchObject({
    name: 'PreconditionFailed',
  });
});

test.each([
  ['dots', '../../etc/passwd'],
  ['a dot', '.'],
  ['slashes', '//a//b/'],
  ['signs', ' a+b%2F&=?#<>"\'~*()!;:@$,'],
  ['scripts', 'ü/日本/😀'],
  ['controls', 'tab\tline\n'],
  ['length', 'ü'.repeat(512)],
])('a key may have %s', async (_name, key) => {
  await put(key, key);
  expect(await read(key)).toBe(key);
  const listed = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET, Prefix: key }));
  expect(listed.Contents?.map(({ Key }) => Key)).toContain(key);
  await s3.send(
    new CopyObjectCommand({
      Bucket: BUCKET,
      Key: 'copied',
      CopySource: `${BUCKET}/${encodeURIComponent(key)}`,
    }),
  );
  expect(await read('copied')).toBe(key);
  const Delete = { Objects: [{ Key: key }] };
  await s3.send(new DeleteObjectsCommand({ Bucket: BUCKET, Delete }));
  await expect(get(key)).rejects.toMatchObject({ name: 'NoSuchKey', Key: key });
});

test('a key of more than 1024 bytes is refused', async () => {
  await expect(put('ü'.repeat(513), '')).rejects.toMatchObject({ name: 'KeyTooLongError' });
});

test('a copy keeps the metadata or replaces it, and takes only the source it was told', async () => {
  const { ETag, ChecksumCRC32 } = await put('source', 'x', {
    Metadata: { a: '1' },
    ContentType: 'text/plain',
  });
  const copy = (more = {}) =>
    s3.send(
      new CopyObjectCommand({
        Bucket: BUCKET,
        Key: 'copy',
        CopySource: `${BUCKET}/source`,
        ...more,
      }),
    );
  expect((await copy()).CopyObjectResult).toMatchObject({ ETag, ChecksumCRC32 });
  expect(await get('copy')).toMatchObject({ Metadata: { a: '1' }, ContentType: 'text/plain' });
  await copy({ MetadataDirective: 'REPLACE', Metadata: { b: '2' } });
  expect((await get('copy')).Metadata).toEqual({ b: '2' });
  await expect(copy({ CopySourceIfMatch: '"other"' })).rejects.toMatchObject({
    name: 'PreconditionFailed',
  });
  await expect(copy({ CopySource: `${BUCKET}/missing` })).rejects.toMatchObject({
    name: 'NoSuchKey',
  });
  await expect(copy({ Key: 'source' })).rejects.toMatchObject({ name: 'InvalidRequest' });
});

test('deleting what is not there succeeds; deleting by a wrong entity tag does not', async () => {
  const remove = (Key: string, IfMatch?: string) =>
    s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key, IfMatch }));
  await expect(remove('never')).resolves.toMatchObject({ $metadata: { httpStatusCode: 204 } });
  const { ETag } = await put('guarded', 'x');
  await expect(remove('guarded', '"other"')).rejects.toMatchObject({ name: 'PreconditionFailed' });
  await remove('guarded', ETag);
  await expect(
    s3.send(new HeadObjectCommand({ Bucket: BUCKET, Key: 'guarded' })),
  ).rejects.toMatchObject({ name: 'NotFound' });
});

test('a presigned link reads and writes without credentials, and names the download', async () => {
  const upload = await getSignedUrl(
    server.client({ requestChecksumCalculation: 'WHEN_REQUIRED' }),
    new PutObjectCommand({ Bucket: BUCKET, Key: 'by link' }),
  );
  expect((await fetch(upload, { method: 'PUT', body: 'linked' })).status).toBe(200);
  const download = await getSignedUrl(
    s3,
    new GetObjectCommand({
      Bucket: BUCKET,
      Key: 'by link',
      ResponseContentDisposition: 'attachment; filename="model.pt"',
    }),
  );
  const answer = await fetch(download);
  expect(await answer.text()).toBe('linked');
  expect(answer.headers.get('content-disposition')).toBe('attachment; filename="model.pt"');
  const forged = await fetch(download.replace('model.pt', 'other.pt'));
  expect(forged.status).toBe(403);
  expect(await forged.text()).toContain('<Code>SignatureDoesNotMatch</Code>');
});

test('nobody reads without credentials', async () => {
  const answer = await fetch(`${server.endpoint}/${BUCKET}/stream`);
  expect(answer.status).toBe(403);
  expect(answer.headers.get('content-type')).toBe('application/xml');
  expect(await answer.text()).toMatch(
    /<Error><Code>AccessDenied<\/Code>.*<RequestId>\w+<\/RequestId>/,
  );
});

test('buckets are made, found, listed and removed', async () => {
  const Bucket = 'second-bucket';
  await expect(s3.send(new HeadBucketCommand({ Bucket }))).rejects.toMatchObject({
    name: 'NotFound',
  });
  await s3.send(new CreateBucketCommand({ Bucket }));
  expect(await s3.send(new HeadBucketCommand({ Bucket }))).toMatchObject({
    BucketRegion: 'us-east-1',
  });
  const { Buckets } = await s3.send(new ListBucketsCommand({}));
  expect(Buckets?.map(({ Name }) => Name)).toEqual([Bucket, BUCKET]);
  await s3.send(new PutObjectCommand({ Bucket, Key: 'x', Body: 'x' }));
  await expect(s3.send(new DeleteBucketCommand({ Bucket }))).rejects.toMatchObject({
    name: 'BucketNotEmpty',
  });
  await s3.send(new DeleteObjectCommand({ Bucket, Key: 'x' }));
  await s3.send(new DeleteBucketCommand({ Bucket }));
  await expect(s3.send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject({
    name: 'NoSuchBucket',
  });
  await expect(s3.send(new CreateBucketCommand({ Bucket: 'No_Name' }))).rejects.toMatchObject({
    name: 'InvalidBucketName',
  });
});

test('outside us-east-1 a bucket is made once, and where it is asked for', async () => {
  const ireland = await startS3Server({ region: 'eu-west-1' });
  try {
    const client = ireland.client();
    const create = (LocationConstraint: 'eu-west-1' | 'eu-west-2') =>
      client.send(
        new CreateBucketCommand({
          Bucket: 'irish',
          CreateBucketConfiguration: { LocationConstraint },
        }),
      );
    await expect(create('eu-west-2')).rejects.toMatchObject({
      name: 'IllegalLocationConstraintException',
    });
    await create('eu-west-1');
    await expect(create('eu-west-1')).rejects.toMatchObject({ name: 'BucketAlreadyOwnedByYou' });
    expect(await client.send(new GetBucketLocationCommand({ Bucket: 'irish' }))).toMatchObject({
      LocationConstraint: 'eu-west-1',
    });
  } finally {
    await ireland.close();
  }
});

test('what is not implemented says so and does no harm', async () => {
  await put('kept', 'kept');
  const Tagging = { TagSet: [{ Key: 'a', Value: 'b' }] };
  for (const command of [
    s3.send(new PutObjectTaggingCommand({ Bucket: BUCKET, Key: 'kept', Tagging })),
    s3.send(new GetObjectAclCommand({ Bucket: BUCKET, Key: 'kept' })),
    s3.send(new GetBucketTaggingCommand({ Bucket: BUCKET })),
    s3.send(
      new PutBucketVersioningCommand({
        Bucket: BUCKET,
        VersioningConfiguration: { Status: 'Enabled' },
      }),
    ),
    put('kept', 'lost', { ServerSideEncryption: 'aws:kms' }),
    put('kept', 'lost', { Tagging: 'a=b' }),
  ]) {
    await expect(command).rejects.toMatchObject({
      name: 'NotImplemented',
      $metadata: { httpStatusCode: 501 },
    });
  }
  expect(await read('kept')).toBe('kept');
});

test('planted faults: a lost reply took effect, a throttle and an error did not', async () => {
  server.faults.add({ kind: 'lost-reply', operation: 'PutObject', count: 1 });
  await expect(put('faulty', 'effective')).rejects.toThrow(/socket hang up|ECONNRESET/);
  expect(await read('faulty')).toBe('effective');
  server.faults.add({ kind: 'throttle', operation: 'PutObject', count: 1 });
  await expect(put('faulty', 'x')).rejects.toMatchObject({
    name: 'SlowDown',
    $metadata: { httpStatusCode: 503 },
  });
  server.faults.add({
    kind: 'error',
    operation: 'GetObject',
    status: 500,
    code: 'InternalError',
    count: 1,
  });
  await expect(get('faulty')).rejects.toMatchObject({ name: 'InternalError' });
  expect(await read('faulty')).toBe('effective');
});
