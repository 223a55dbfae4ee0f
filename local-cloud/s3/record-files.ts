/** Small JSON files that are either the old one or the new one, whatever happens in between. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const TEMPORARY_SUFFIX = '.tmp';

/** A file name for any text: keys may hold `..`, slashes, any length and any script. */
export function recordFileName(name: string): string {
  return `${createHash('sha256').update(name).digest('hex')}.json`;
}

/** Writes a record beside its place, on the disk, and moves it there in one step. */
export async function writeRecord(
  folder: string,
  fileName: string,
  record: unknown,
): Promise<void> {
  const temporary = join(folder, `${randomUUID()}${TEMPORARY_SUFFIX}`);
  try {
    const file = await open(temporary, 'wx');
    try {
      await file.writeFile(JSON.stringify(record));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, join(folder, fileName));
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/** Removes a record; nothing happens if it is gone. */
export async function removeRecord(folder: string, fileName: string): Promise<void> {
  await rm(join(folder, fileName), { force: true });
  await syncFolder(folder);
}

/** Makes a rename or a removal in the folder last. */
async function syncFolder(folder: string): Promise<void> {
  const directory = await open(folder, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

/**
 * Reads all records of a folder, creating it if needed, and clears away what a killed process left
 * behind. Only at start, before there are writers.
 */
export function readRecords(folder: string): unknown[] {
  mkdirSync(folder, { recursive: true });
  const records: unknown[] = [];
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.name.endsWith(TEMPORARY_SUFFIX)) rmSync(path, { force: true });
    else if (entry.isFile()) records.push(JSON.parse(readFileSync(path, 'utf8')));
  }
  return records;
}
