import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const timeoutMs = 110_000;

/**
 * Trains with the same script and arguments on this machine, without runctl and without interruption, and returns the
 * SHA-256 of the model. What the interrupted run is measured against.
 */
export async function trainUninterrupted(
  script: string,
  scriptArgs: readonly string[],
  folder: string,
  signal: AbortSignal,
): Promise<string> {
  const checkpoints = path.join(folder, 'uninterrupted');
  await promisify(execFile)('python3', [script, ...scriptArgs], {
    cwd: folder,
    env: { PATH: process.env['PATH'], RUNCTL_CHECKPOINT_DIR: checkpoints },
    timeout: timeoutMs,
    signal,
  });
  const newest = readdirSync(checkpoints).sort().at(-1) ?? '';
  return sha256(readFileSync(path.join(checkpoints, newest, modelFile)));
}

/** The file of a checkpoint that holds the parameters. */
export const modelFile = 'model.json';

export const sha256 = (content: Buffer | string): string =>
  createHash('sha256').update(content).digest('hex');
