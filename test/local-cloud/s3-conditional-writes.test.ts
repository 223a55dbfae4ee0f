import { PassThrough } from 'node:stream';

import {
  DeleteObjectCommand,
  GetObjectCommand,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';

import { BUCKET, startS3Server, type S3Server } from './s3-server';

let server: S3Server;
let s3: S3Client;
beforeAll(async () => {
  server = await startS3Server();
  s3 = server.client();
});
afterAll(() => server.close());

const put = (Key: string, Body: string, more = {}) =>
  s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body, ...more }));
const read = async (Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }))).Body?.transformToString();

/** How many of the writes went through; the others must have lost by the condition. */
async function countWinners(writes: Promise<unknown>[]): Promise<number> {
  const outcomes = await Promise.allSettled(writes);
  const losers = outcomes.filter((outcome) => outcome.status === 'rejected');
  for (const { reason } of losers) {
    expect(reason).toMatchObject({
      name: 'PreconditionFailed',
      $metadata: { httpStatusCode: 412 },
    });
  }
  return outcomes.length - losers.length;
}

test('of twenty writers of a new object exactly one wins, and its bytes are there', async () => {
  const bodies = Array.from({ length: 20 }, (_, index) => `writer ${index}`);
  const writes = bodies.map((body) => put('race', body, { IfNoneMatch: '*' }).then(() => body));
  expect(await countWinners(writes)).toBe(1);
  const winners = await Promise.allSettled(writes);
  const [winner] = winners.filter((outcome) => outcome.status === 'fulfilled');
  expect(await read('race')).toBe(winner?.value);
});

test('of twenty replacements of the same version exactly one wins', async () => {
  const { ETag } = await put('counter', '0');
  const writes = Array.from({ length: 20 }, (_, index) =>
    put('counter', `${index + 1}`, { IfMatch: ETag }),
  );
  expect(await countWinners(writes)).toBe(1);
});

test('a lost condition is named', async () => {
  await put('named', 'x');
  await expect(put('named', 'y', { IfNoneMatch: '*' })).rejects.toMatchObject({
    name: 'PreconditionFailed',
    Condition: 'If-None-Match',
  });
  await expect(put('named', 'y', { IfMatch: '"other"' })).rejects.toMatchObject({
    Condition: 'If-Match',
  });
  expect(await read('named')).toBe('x');
});

test('replacing what is not there answers NoSuchKey', async () => {
  await expect(put('missing', 'x', { IfMatch: '"any"' })).rejects.toMatchObject({
    name: 'NoSuchKey',
    $metadata: { httpStatusCode: 404 },
  });
});

test('a condition that S3 does not know answers NotImplemented', async () => {
  await expect(put('odd', 'x', { IfNoneMatch: '"tag"' })).rejects.toMatchObject({
    name: 'NotImplemented',
    $metadata: { httpStatusCode: 501 },
  });
});

test('a conditional write that a delete overtakes answers ConditionalRequestConflict', async () => {
  const { ETag } = await put('overtaken', 'old');
  const body = new PassThrough();
  body.write(Buffer.alloc(100_000));
  const write = s3.send(
    new PutObjectCommand({
      Bucket: BUCKET,
      Key: 'overtaken',
      Body: body,
      ContentLength: 100_001,
      IfMatch: ETag,
    }),
  );
  // The write has begun once its first bytes lie in a blob.
  await server.waitForBlobs(({ sizesBytes }) => sizesBytes.some((size) => size >= 65_536));
  await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'overtaken' }));
  body.end('x');
  await expect(write).rejects.toMatchObject({
    name: 'ConditionalRequestConflict',
    $metadata: { httpStatusCode: 409 },
  });
  await expect(read('overtaken')).rejects.toMatchObject({ name: 'NoSuchKey' });
});
