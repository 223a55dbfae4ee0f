import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { identifyProcess, isAlive, type LocalProcess } from './process-identity';

/**
 * Takes a lock file for this process; false when a living process holds it. A lock whose owner is dead is not a lock.
 *
 * Two that take over the same dead lock at the same instant may both win: use it to save work or to explain, never
 * alone to guard data.
 */
export function tryToLock(lockFile: string): boolean {
  const holder = readHolder(lockFile);
  if (holder !== null && isAlive(holder)) return false;
  if (holder !== null) rmSync(lockFile, { force: true });
  mkdirSync(path.dirname(lockFile), { recursive: true });
  try {
    writeFileSync(lockFile, JSON.stringify(identifyProcess(process.pid)), { flag: 'wx' });
    return true;
  } catch {
    // Somebody was faster.
    return false;
  }
}

export function unlock(lockFile: string): void {
  rmSync(lockFile, { force: true });
}

function readHolder(lockFile: string): LocalProcess | null {
  try {
    // Written by us only; anything else fails the look at its pid and counts as dead.
    return JSON.parse(readFileSync(lockFile, 'utf8')) as LocalProcess | null;
  } catch {
    // Not there, or not written to its end yet: the next look tells.
    return null;
  }
}
