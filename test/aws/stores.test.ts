import { createHash, randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { raiseFence } from '../../aws/checkpoint-fence';
import { pruneCheckpoints } from '../../aws/checkpoint-prune';
import { findNewestCheckpoint, listCheckpointFolders } from '../../aws/checkpoint-store';
import { hasCodeArchive, storeCode } from '../../aws/code-store';
import { listLog, listLogAttempts, readLogPiece } from '../../aws/log-store';
import { checkBucket, deleteObjects, getText } from '../../aws/object-store';
import { objectKeys } from '../../domain/ids';
import { stageCode } from '../../client/staging/stage-code';
import { temporaryFolder } from '../client/support/temporary-folder';
import { type ConnectedCloud, startConnectedCloud } from '../support/connected-cloud';

let here: ConnectedCloud;
let runId: string;

beforeAll(async () => {
  here = await startConnectedCloud();
});
afterAll(() => here.close());
beforeEach(() => {
  runId = `r-${randomUUID()}`;
});

const put = (key: string, body: string) =>
  here.cloud.clients.s3.send(
    new PutObjectCommand({ Bucket: here.cloud.settings.bucket, Key: key, Body: body }),
  );

/** Publishes as a supervisor does. */
async function publish(step: number, attemptNumber: number, withManifest = true): Promise<string> {
  const prefix = `${objectKeys.checkpoints(runId)}${step}-a${attemptNumber}-n${step}/`;
  await put(`${prefix}model.json`, 'weights');
  const file = { path: 'model.json', sizeBytes: 7, sha256: 'x' };
  const manifest = {
    version: 1,
    runId,
    attemptNumber,
    step,
    publishedAt: 'now',
    name: 'c',
    kind: 'folder',
    files: [file],
  };
  if (withManifest) await put(`${prefix}manifest.json`, JSON.stringify(manifest));
  return prefix;
}

const point = (fence: number, checkpoint: object | null) =>
  put(objectKeys.latest(runId), JSON.stringify({ version: 1, runId, fence, checkpoint }));

describe('the fence', () => {
  test('goes up, never down, and keeps the checkpoint', async () => {
    const checkpoint = { step: 5, attemptNumber: 1, prefix: 'p/', publishedAt: 'now' };
    await point(1, checkpoint);
    expect(await raiseFence(here.cloud, runId, 3)).toMatchObject({ fence: 3, checkpoint });
    expect(await raiseFence(here.cloud, runId, 3)).toMatchObject({ fence: 3, checkpoint });
    await expect(raiseFence(here.cloud, runId, 2)).rejects.toMatchObject({ code: 'run-id-taken' });
  });

  test('raised by many at once ends at the highest', async () => {
    const attempts = [1, 2, 3, 4, 5, 6];
    const results = await Promise.allSettled(
      attempts.map((attempt) => raiseFence(here.cloud, runId, attempt)),
    );
    const stored = await getText(
      here.cloud.clients,
      here.cloud.settings.bucket,
      objectKeys.latest(runId),
    );
    expect(JSON.parse(stored?.text ?? '')).toMatchObject({ fence: 6 });
    expect(results[5]?.status).toBe('fulfilled');
  });

  test('whose write took effect while its answer was lost counts as raised', async () => {
    await here.local.admin('POST', 'faults', {
      kind: 'lost-reply',
      operation: 'PutObject',
      count: 1,
    });
    expect(await raiseFence(here.cloud, runId, 1)).toMatchObject({ fence: 1 });
  });
});

describe('the resume point', () => {
  test('of a run without checkpoints is none', async () => {
    expect(await findNewestCheckpoint(here.cloud, runId)).toBeNull();
  });

  test('is the newest checkpoint, also when the pointer lags behind', async () => {
    await publish(90, 1);
    const newest = await publish(100, 1);
    await point(1, { step: 90, attemptNumber: 1, prefix: 'x', publishedAt: 'now' });
    expect(await findNewestCheckpoint(here.cloud, runId)).toMatchObject({
      step: 100,
      prefix: newest,
    });
  });

  test('falls back past half-written and damaged ones', async () => {
    await publish(100, 1);
    const damaged = await publish(110, 1);
    await put(`${damaged}model.json`, 'half');
    const without = await publish(120, 1);
    await deleteObjects(here.cloud.clients, here.cloud.settings.bucket, [`${without}model.json`]);
    await publish(130, 1, false);
    expect(await findNewestCheckpoint(here.cloud, runId)).toMatchObject({ step: 100 });
  });

  test('follows the newer attempt, even one that was started over', async () => {
    await publish(500, 1);
    await publish(20, 2);
    expect(await findNewestCheckpoint(here.cloud, runId)).toMatchObject({ step: 20 });
  });
});

test('pruning keeps the last ones and the one in use', async () => {
  const inUse = await publish(10, 1);
  for (const step of [20, 30, 40]) await publish(step, 1);
  await publish(35, 1, false);
  await point(1, { step: 10, attemptNumber: 1, prefix: inUse, publishedAt: 'now' });
  expect(await pruneCheckpoints(here.cloud, runId, 2)).toBe(2);
  const left = await listCheckpointFolders(here.cloud, runId);
  expect(left.map((folder) => folder.step)).toEqual([40, 30, 10]);
  expect(await pruneCheckpoints(here.cloud, runId, 2)).toBe(0);
});

test('code is stored once under its hash', async () => {
  const archive = new TextEncoder().encode(`code of ${runId}`);
  const sha256 = createHash('sha256').update(archive).digest('hex');
  const staged = { sha256, sizeBytes: archive.byteLength };
  expect(await hasCodeArchive(here.cloud, staged)).toBe(false);
  expect(await storeCode(here.cloud, sha256, archive)).toEqual(staged);
  const before = here.sent('PutObject');
  await storeCode(here.cloud, sha256, archive);
  expect(here.sent('PutObject')).toBe(before);
  expect(await hasCodeArchive(here.cloud, staged)).toBe(true);
});

test('unchanged code is not sent again, from wherever it is trained', async () => {
  const files = { 'train.py': 'x', 'lib/a.py': 'y' };
  const stage = (folder: string) =>
    stageCode(
      { storeCode: (sha256, archive) => storeCode(here.cloud, sha256, archive) },
      { script: 'train.py', folder, limitBytes: 1024, include: [], includeSecretFiles: [] },
    );
  const first = await stage(temporaryFolder(files));
  const before = here.sent('PutObject');
  expect((await stage(temporaryFolder(files))).code).toEqual(first.code);
  expect(here.sent('PutObject')).toBe(before);
  await stage(temporaryFolder({ ...files, 'lib/a.py': 'z' }));
  expect(here.sent('PutObject')).toBe(before + 1);
});

test('a log is read in order, and on from where it was left', async () => {
  const prefix = objectKeys.logs(runId, 1);
  await put(`${prefix}000000000003.log`, 'two\n');
  await put(`${prefix}000000000000.log`, 'one');
  const first = await listLog(here.cloud, runId, 1);
  const read = await Promise.all(first.map(({ key }) => readLogPiece(here.cloud, key)));
  expect(Buffer.concat(read.map((bytes) => bytes ?? new Uint8Array())).toString()).toBe('onetwo\n');
  await put(`${prefix}000000000007.log`, 'three');
  const more = await listLog(here.cloud, runId, 1, first.at(-1)?.key);
  expect(more).toMatchObject([{ offsetBytes: 7, sizeBytes: 5 }]);
});

test('the attempts that have a log are found in the order of their numbers', async () => {
  for (const number of [10, 9]) await put(`${objectKeys.logs(runId, number)}000000000000.log`, 'x');
  expect((await listLogAttempts(here.cloud, runId)).slice(-2)).toEqual([9, 10]);
});

test('a bucket that is not there is told as such', async () => {
  await checkBucket(here.cloud.clients, here.cloud.settings.bucket);
  await expect(checkBucket(here.cloud.clients, 'no-such-bucket-here')).rejects.toMatchObject({
    code: 'bucket-missing',
  });
});
