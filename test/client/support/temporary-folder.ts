import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const undo: (() => Promise<unknown> | undefined)[] = [];

afterAll(async () => {
  for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
}, 60_000);

/** Runs after the file's tests, before what was made earlier is removed. */
export function atEnd(step: () => Promise<unknown> | undefined): void {
  undo.push(step);
}

/** A folder that is removed after the file's tests. */
export function temporaryFolder(files: Readonly<Record<string, string>> = {}): string {
  const folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'runctl-test-')));
  atEnd(() => {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  });
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return folder;
}
