import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** A control group whose processes the kernel kills when they want more memory than it has. */
export interface MemoryGroup {
  /** A process joins by writing its PID here. */
  readonly processesFile: string;
  /** Whether this machine lets us make one. */
  readonly isPossible: () => boolean;
  readonly make: () => void;
  readonly remove: () => void;
}

/** One of so many bytes, under version 1 or 2 of control groups. */
export function memoryGroup(bytes: number): MemoryGroup {
  const name = `runctl-test-${process.pid}`;
  const own = /^\d+:memory:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
  const isFirstVersion = own !== undefined && existsSync('/sys/fs/cgroup/memory');
  const [parent, limit] = isFirstVersion
    ? [path.join('/sys/fs/cgroup/memory', own), 'memory.limit_in_bytes']
    : ['/sys/fs/cgroup', 'memory.max'];
  const folder = path.join(parent, name);
  const remove = (): void => {
    if (existsSync(folder)) rmdirSync(folder);
  };
  const make = (): void => {
    mkdirSync(folder);
    writeFileSync(path.join(folder, limit), String(bytes));
  };
  return {
    processesFile: path.join(folder, 'cgroup.procs'),
    make,
    remove,
    isPossible: () => {
      try {
        make();
        return true;
      } catch {
        // Not root, or the groups of this machine are read-only.
        return false;
      } finally {
        remove();
      }
    },
  };
}
