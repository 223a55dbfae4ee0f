import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';

import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';

import { waitForBlobs, countBlobs } from './s3-blobs';
import { BUCKET, CREDENTIALS, QUIET_LOGGER } from './s3-server';

let stateDir: string;
let child: ChildProcess | undefined;
const clients: S3Client[] = [];

beforeEach(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 's3-kill-'));
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await kill();
  await rm(stateDir, { recursive: true, force: true });
});

async function start(): Promise<S3Client> {
  const script = require.resolve('./s3-process.ts');
  const { accessKeyId, secretAccessKey } = CREDENTIALS;
  const started = spawn(
    process.execPath,
    ['--import', 'tsx', script, stateDir, accessKeyId, secretAccessKey, BUCKET],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  child = started;
  const [port] = (await once(started.stdout, 'data')) as [Buffer];
  const client = new S3Client({
    endpoint: `http://127.0.0.1:${port.toString().trim()}`,
    region: 'us-east-1',
    credentials: CREDENTIALS,
    maxAttempts: 1,
    logger: QUIET_LOGGER,
  });
  clients.push(client);
  return client;
}

async function kill(): Promise<void> {
  if (child?.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

const put = (s3: S3Client, Key: string, Body: string) =>
  s3.send(new PutObjectCommand({ Bucket: BUCKET, Key, Body }));
const read = async (s3: S3Client, Key: string) =>
  (await s3.send(new GetObjectCommand({ Bucket: BUCKET, Key }))).Body?.transformToString();

test('a server killed in the middle of an upload has the old object and nothing half', async () => {
  let s3 = await start();
  await put(s3, 'latest', 'old');
  const body = new PassThrough();
  body.write(Buffer.alloc(1_000_000));
  const input = { Bucket: BUCKET, Key: 'latest', Body: body, ContentLength: 2_000_000 };
  const upload = s3.send(new PutObjectCommand(input)).catch((error: unknown) => error);
  await waitForBlobs(stateDir, ({ sizesBytes }) => sizesBytes.some((size) => size >= 500_000));
  await kill();
  expect(await upload).toBeInstanceOf(Error);
  body.destroy();

  s3 = await start();
  expect(await read(s3, 'latest')).toBe('old');
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  expect(Contents).toMatchObject([{ Key: 'latest', Size: 3 }]);
  expect((await countBlobs(stateDir)).sizesBytes).toEqual([3]);
});

test('a server killed among many writes has every one that it acknowledged', async () => {
  let s3 = await start();
  const acknowledged = new Map<string, string>();
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    // Ends when the server is killed: the write in flight is refused.
    for (let round = 0; ; round += 1) {
      const key = `writer-${writer}/${round % 5}`;
      await put(s3, key, `round ${round}`);
      acknowledged.set(key, `round ${round}`);
      if (acknowledged.size === 40 && round > 10) await kill();
    }
  });
  const outcomes = await Promise.allSettled(writers);
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);

  s3 = await start();
  expect(acknowledged.size).toBe(40);
  for (const [key, body] of acknowledged) {
    // The write in flight may have been published without its answer; it is a later round.
    const round = (text: string | undefined) => Number(text?.replace('round ', ''));
    expect(round(await read(s3, key))).toBeGreaterThanOrEqual(round(body));
  }
  const objectFolder = join(stateDir, 'buckets', BUCKET, 'objects');
  expect((await readdir(objectFolder)).filter((name) => !name.endsWith('.json'))).toEqual([]);
  expect((await countBlobs(stateDir)).sizesBytes).toHaveLength(40);
});
