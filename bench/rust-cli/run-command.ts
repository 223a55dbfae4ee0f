import { spawn } from 'node:child_process';

/** How one command ended. */
export interface Ran {
  /** Null when it was ended by us after its time. */
  readonly exitCode: number | null;
  readonly stdout: string;
  /** Both streams, without colours. */
  readonly output: string;
  readonly seconds: number;
}

/** Runs a program to its end, or to the end of its time. */
export async function runCommand(
  program: string,
  args: readonly string[],
  folder: string,
  environment: NodeJS.ProcessEnv,
  seconds: number,
): Promise<Ran> {
  const began = Date.now();
  const child = spawn(program, args, {
    cwd: folder,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, output] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const late = setTimeout(() => child.kill('SIGTERM'), seconds * 1_000);
  // A program that a signal ended has no exit code, and nobody else signals it.
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearTimeout(late);
  return {
    exitCode,
    stdout,
    // eslint-disable-next-line no-control-regex -- colours begin with the control character
    output: output.replaceAll(/\u001b\[[0-9;]*m/g, ''),
    seconds: Math.round((Date.now() - began) / 1_000),
  };
}
