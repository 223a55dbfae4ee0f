import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** What lies in the blob folder of a state folder right now. */
export interface BlobCensus {
  readonly sizesBytes: readonly number[];
}

export async function countBlobs(stateDir: string): Promise<BlobCensus> {
  const folder = join(stateDir, 'blobs');
  const sizes = (await readdir(folder)).map((name) =>
    stat(join(folder, name)).then(
      ({ size }) => size,
      () => undefined,
    ),
  );
  return { sizesBytes: (await Promise.all(sizes)).filter((size) => size !== undefined) };
}

const WAIT_MAX_MS = 20_000;
const POLL_MS = 10;

/** Waits until the blobs are as expected. */
export async function waitForBlobs(
  stateDir: string,
  isExpected: (census: BlobCensus) => boolean,
): Promise<void> {
  const giveUpAt = Date.now() + WAIT_MAX_MS;
  while (!isExpected(await countBlobs(stateDir))) {
    if (Date.now() > giveUpAt) throw new Error(`the blobs in ${stateDir} never became as expected`);
    await delay(POLL_MS);
  }
}
