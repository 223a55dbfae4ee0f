import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built command line: what a user runs. */
const bin = path.resolve(__dirname, '../../../dist/client/main.js');

/** Runs `runctl` to its end in a folder, with nothing of this machine's configuration. */
export async function runctl(
  args: readonly string[],
  options: { readonly folder: string; readonly environment?: NodeJS.ProcessEnv },
): Promise<Ended> {
  if (!existsSync(bin)) throw new Error('These tests run the built bin: `npm run build` makes it.');
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: options.folder,
    env: { ...quietEnvironment(options.folder), ...options.environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  return new Promise((resolve) => {
    child.once('close', (code) => {
      resolve({ code, ...output });
    });
  });
}

/** PATH and a home folder that holds nothing. */
function quietEnvironment(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env['PATH'], HOME: home, XDG_CONFIG_HOME: path.join(home, 'no-config') };
}

/** The one document on stdout. */
export const documentOf = (ended: Ended): unknown => JSON.parse(ended.stdout);
