import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** A pid is an identity only together with the moment its process started: numbers are used again. */
export interface LocalProcess {
  readonly pid: number;
  /** Linux: field 22 of /proc/PID/stat. Elsewhere: what `ps -o lstart` prints. */
  readonly startTime: string;
}

/** Names the process that has this pid now; null when there is none. */
export function identifyProcess(pid: number): LocalProcess | null {
  const startTime = readStartTime(pid);
  return startTime === null ? null : { pid, startTime };
}

/** Whether this very process still lives; a zombie does not. */
export function isAlive(process: LocalProcess): boolean {
  return readStartTime(process.pid) === process.startTime;
}

function readStartTime(pid: number): string | null {
  return existsSync('/proc/self/stat') ? readFromProc(pid) : readFromPs(pid);
}

function readFromProc(pid: number): string | null {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    // No such process.
    return null;
  }
  // The name in parentheses may hold spaces and parentheses itself; fields are counted from behind it.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startTimeIndex = 22 - 4;
  return state === 'Z' || state === 'X' ? null : (fields[startTimeIndex] ?? null);
}

function readFromPs(pid: number): string | null {
  try {
    const output = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return output === '' || output.startsWith('Z') ? null : output.replace(/^\S+\s+/, '');
  } catch {
    // ps exits with 1 when there is no such process.
    return null;
  }
}
