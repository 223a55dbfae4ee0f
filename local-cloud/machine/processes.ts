import { readdirSync, readFileSync } from 'node:fs';

/** A process by number and start time (field 22 of /proc/PID/stat): the number alone may be given again. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

interface Seen extends ProcessIdentity {
  readonly parentPid: number;
}

/** The environment variable that every process of one boot of one machine carries from its first instruction. */
export const BOOT_VARIABLE = 'RUNCTL_LOCAL_BOOT';

/** Whether this very process lives; a zombie does not. */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  return readStat(pid)?.startTime === startTime;
}

/** The processes of this host at one moment. */
export class ProcessTable {
  private readonly seen = new Map<number, Seen>();
  private readonly childrenOf = new Map<number, number[]>();
  private readonly bootIdOf = new Map<number, string>();

  constructor() {
    for (const name of readdirSync('/proc')) {
      const pid = Number(name);
      const stat = Number.isInteger(pid) ? readStat(pid) : undefined;
      if (stat === undefined) continue;
      this.seen.set(pid, stat);
      this.childrenOf.set(stat.parentPid, [...(this.childrenOf.get(stat.parentPid) ?? []), pid]);
      const bootId = readBootId(pid);
      if (bootId !== undefined) this.bootIdOf.set(pid, bootId);
    }
  }

  /**
   * Every process of one boot: what descends from its guard or init, and what carries its mark although its ancestors
   * were killed. Only a process that both lost its ancestors and cleared its environment could hide.
   */
  ofBoot(bootId: string, roots: readonly ProcessIdentity[]): readonly ProcessIdentity[] {
    const found = new Map<number, ProcessIdentity>();
    const waiting = [
      ...roots.filter((root) => this.seen.get(root.pid)?.startTime === root.startTime),
    ].map((root) => root.pid);
    for (const [pid, marked] of this.bootIdOf) if (marked === bootId) waiting.push(pid);
    for (let pid = waiting.pop(); pid !== undefined; pid = waiting.pop()) {
      const process = this.seen.get(pid);
      if (process === undefined || found.has(pid)) continue;
      found.set(pid, { pid, startTime: process.startTime });
      waiting.push(...(this.childrenOf.get(pid) ?? []));
    }
    return [...found.values()];
  }
}

function readStat(pid: number): Seen | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined; // It ended between the listing and the look.
  }
  // The command's name may hold blanks and brackets, so fields are counted after its last bracket.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parentPid, startTime] = [fields[0], fields[1], fields[19]];
  if (state === 'Z' || state === 'X' || startTime === undefined) return undefined;
  return { pid, startTime, parentPid: Number(parentPid) };
}

function readBootId(pid: number): string | undefined {
  try {
    const environment = readFileSync(`/proc/${pid}/environ`, 'latin1');
    const entry = environment.split('\0').find((line) => line.startsWith(`${BOOT_VARIABLE}=`));
    return entry?.slice(BOOT_VARIABLE.length + 1);
  } catch {
    return undefined; // Another user's process, or one that has ended.
  }
}
