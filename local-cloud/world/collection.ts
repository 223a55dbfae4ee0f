import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Writes a file that is whole or absent, also when this process is killed half-way. */
export function writeAtomically(path: string, text: string): void {
  const draft = `${path}.draft`;
  writeFileSync(draft, text, { mode: 0o600 });
  renameSync(draft, path);
}

/** Records of one kind: in memory for reading, and a JSON file each, written before `put` returns. */
export class Collection<T extends object> {
  private readonly records = new Map<string, T>();

  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync(folder)) {
      if (!name.endsWith('.json')) continue;
      // These files are written by `put` below and by nobody else.
      const record = JSON.parse(readFileSync(join(folder, name), 'utf8')) as T;
      this.records.set(name.slice(0, -'.json'.length), record);
    }
  }

  get(id: string): T | undefined {
    return this.records.get(id);
  }

  get size(): number {
    return this.records.size;
  }

  all(): readonly T[] {
    return [...this.records.values()];
  }

  put(id: string, record: T): T {
    this.records.set(id, record);
    writeAtomically(join(this.folder, `${id}.json`), JSON.stringify(record));
    return record;
  }

  remove(id: string): void {
    this.records.delete(id);
    rmSync(join(this.folder, `${id}.json`), { force: true });
  }
}
