import { execFile } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** The release that is installed when there is none: the newest that `go install` accepts (later ones have `replace` lines). */
export const serverRelease = '1.5.1';

/** A `temporal` program that can run a development server. */
export interface ServerProgram {
  readonly file: string;
  /** As it prints it itself: `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`. */
  readonly version: string;
  readonly source: 'PATH' | 'cache' | 'download' | 'go install';
}

const versionTimeoutMs = 20_000;

/** The first `temporal` on PATH that answers `--version`; null when there is none. */
export async function findOnPath(environment: NodeJS.ProcessEnv): Promise<ServerProgram | null> {
  const folders = (environment['PATH'] ?? '').split(path.delimiter).filter((name) => name !== '');
  for (const folder of folders) {
    const program = await checkProgram(path.join(folder, 'temporal'), 'PATH');
    if (program !== null) return program;
  }
  return null;
}

/** Whether this file is a `temporal` that runs here; null when not: another program, another platform, half a file. */
export async function checkProgram(
  file: string,
  source: ServerProgram['source'],
): Promise<ServerProgram | null> {
  if (!isExecutableFile(file)) return null;
  try {
    const { stdout } = await promisify(execFile)(file, ['--version'], {
      timeout: versionTimeoutMs,
    });
    const version = stdout.trim();
    return version.startsWith('temporal version') ? { file, version, source } : null;
  } catch {
    // It does not run here, so it is none we can use.
    return null;
  }
}

/** Where runctl keeps the server it installed: `$XDG_CACHE_HOME/runctl/bin`, by default under `~/.cache`. */
export function serverCacheFolder(environment: NodeJS.ProcessEnv): string {
  const cacheHome = environment['XDG_CACHE_HOME'] ?? '';
  const home = environment['HOME'] ?? homedir();
  const base = cacheHome === '' ? path.join(home, '.cache') : cacheHome;
  return path.join(base, 'runctl', 'bin');
}

export const cachedProgram = (environment: NodeJS.ProcessEnv): string =>
  path.join(serverCacheFolder(environment), 'temporal');

function isExecutableFile(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    // Not there, or not ours to run.
    return false;
  }
}
