import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { findUpwards } from '../../settings/find-upwards';
import { isAlive, type LocalProcess } from '../processes/process-identity';

const localProcess = z.object({ pid: z.number().int(), startTime: z.string() });

const upFileSchema = z.object({
  version: z.literal(1),
  cloud: z.enum(['local', 'aws']),
  temporalAddress: z.string(),
  temporalNamespace: z.string(),
  webUiUrl: z.string().nullable(),
  region: z.string(),
  bucket: z.string(),
  /** The rest is null unless the cloud is local: a real account's credentials are never written down. */
  awsEndpointUrl: z.string().nullable(),
  accessKeyId: z.string().nullable(),
  secretAccessKey: z.string().nullable(),
  instanceProfile: z.string().nullable(),
  /** Null where `up` started none: a configured server, a real cloud, --no-worker. */
  pids: z.object({
    up: localProcess,
    temporal: localProcess.nullable(),
    localCloud: localProcess.nullable(),
    worker: localProcess.nullable(),
  }),
});

/** What `runctl up` has started: `.runctl/up.json`, readable by its owner only. */
export type UpFile = z.infer<typeof upFileSchema>;

export const stateFolderName = '.runctl';
const upFileName = path.join(stateFolderName, 'up.json');

export interface FoundUpFile {
  /** The folder that holds `.runctl/`. */
  readonly folder: string;
  readonly content: UpFile;
}

/** Reads `.runctl/up.json` of this folder or the nearest one above; null when there is none that can be read. */
export function findUpFile(folder: string): FoundUpFile | null {
  const file = findUpwards(folder, upFileName);
  if (file === null) return null;
  const content = readUpFile(file);
  return content === null ? null : { folder: path.dirname(path.dirname(file)), content };
}

/** Whether any process that the file names still lives. */
export function isUp(content: UpFile): boolean {
  return startedProcesses(content).some(isAlive);
}

/** What the file names, in the order in which it has to end: who uses before who is used. */
export function startedProcesses(content: UpFile): LocalProcess[] {
  const { up, worker, localCloud, temporal } = content.pids;
  return [up, worker, localCloud, temporal].filter((process) => process !== null);
}

/** Writes the file whole or not at all. */
export function writeUpFile(folder: string, content: UpFile): void {
  const file = path.join(folder, upFileName);
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
  const unfinished = `${file}.${process.pid}.tmp`;
  writeFileSync(unfinished, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  chmodSync(unfinished, 0o600);
  renameSync(unfinished, file);
}

export function removeUpFile(folder: string): void {
  rmSync(path.join(folder, upFileName), { force: true });
}

function readUpFile(file: string): UpFile | null {
  try {
    const parsed = upFileSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    // Unreadable or not JSON: as if nothing had been started; `up` writes it anew.
    return null;
  }
}
