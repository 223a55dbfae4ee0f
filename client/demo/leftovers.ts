import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import type { LocalCloudAdmin, LocalCloudStatus } from '../local-cloud/admin-client';
import { waitUntil } from '../wait-until';

/** What a run has left behind, by name; every list has to be empty. */
export interface Leftovers {
  readonly instances: readonly string[];
  readonly spotRequests: readonly string[];
  readonly processes: readonly string[];
  readonly pidFiles: readonly string[];
  readonly locks: readonly string[];
}

const settleSeconds = 15;
const closedSpotStates = new Set(['closed', 'cancelled', 'failed', 'disabled']);

/**
 * Asks the cloud, the process table and the disks of the instances what is left of the runs of a world. An instance that
 * is shutting down gets a moment.
 */
export async function findLeftovers(options: {
  readonly admin: LocalCloudAdmin;
  readonly folder: string;
  /** Processes of the world itself: server, cloud, worker. */
  readonly ownPids: readonly number[];
}): Promise<Leftovers> {
  let found: Leftovers = await look(options);
  await waitUntil(
    async () => {
      found = await look(options);
      return countLeftovers(found) === 0;
    },
    { timeoutSeconds: settleSeconds, intervalMs: 250 },
  );
  return found;
}

export const countLeftovers = (leftovers: Leftovers): number =>
  Object.values(leftovers).flat().length;

async function look(options: Parameters<typeof findLeftovers>[0]): Promise<Leftovers> {
  const status = await options.admin.status();
  const files = filesBelow(path.join(options.folder, '.runctl', 'local-cloud'));
  return {
    instances: liveInstances(status),
    spotRequests: status.spotRequests
      .filter(({ state }) => !closedSpotStates.has(state))
      .map(({ requestId, state }) => `${requestId} (${state})`),
    processes: processesOf(options.folder, options.ownPids),
    pidFiles: files.filter((file) => path.basename(file) === 'training.pid'),
    locks: files.filter((file) => file.endsWith(path.join('training', 'lock'))),
  };
}

function liveInstances({ instances }: LocalCloudStatus): string[] {
  return instances
    .filter(({ state, processCount }) => state !== 'terminated' || processCount > 0)
    .map(
      ({ instanceId, state, processCount }) =>
        `${instanceId} (${state}, ${processCount} processes)`,
    );
}

/** Processes that work in the folder, or were started with it on their command line or in their environment. */
function processesOf(folder: string, ownPids: readonly number[]): string[] {
  const own = new Set([process.pid, ...ownPids]);
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isSafeInteger(pid) && !own.has(pid) && belongsTo(pid, folder))
    .map((pid) => `${pid} ${commandOf(pid)}`);
}

function belongsTo(pid: number, folder: string): boolean {
  try {
    const proc = `/proc/${pid}`;
    const isInside = `${readlinkSync(`${proc}/cwd`)}/`.startsWith(`${folder}/`);
    return (
      isInside ||
      readFileSync(`${proc}/cmdline`, 'utf8').includes(folder) ||
      readFileSync(`${proc}/environ`, 'utf8').includes(folder)
    );
  } catch {
    // It ended meanwhile, or is another user's.
    return false;
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
  } catch {
    // It ended meanwhile.
    return '';
  }
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) =>
      path.join(folder, name),
    );
  } catch {
    // A folder vanished while it was read: the next look sees the rest.
    return [];
  }
}
