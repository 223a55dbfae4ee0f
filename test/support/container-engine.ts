import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const program = path.join(__dirname, 'container-engine.sh');

/** A real container engine; its one image has this machine's python3 and sh. */
export interface TestEngine {
  /** What DOCKER_HOST has to be. */
  readonly address: string;
  readonly image: string;
  /** What the stock docker CLI says. */
  docker(...args: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

/**
 * Takes the engine that DOCKER_HOST names, or starts one. Null, and told aloud, where this machine can have none; where
 * RUNCTL_TEST_ENGINE is `required`, that is an error.
 */
export async function startContainerEngine(): Promise<TestEngine | null> {
  const given = process.env['DOCKER_HOST'];
  const folder = given === undefined ? mkdtempSync(path.join(tmpdir(), 'runctl-engine-')) : null;
  const address = folder === null ? given : start(folder);
  if (address === undefined) return null;
  const environment = { ...process.env, DOCKER_HOST: address };
  const image = `runctl-test-${process.pid}`;
  const close = async (): Promise<void> => {
    if (folder === null) await run('docker', ['image', 'rm', '--force', image], environment);
    else await run(program, ['stop', folder]);
  };
  try {
    await run(program, ['image', image], environment);
  } catch (error) {
    await close();
    throw error;
  }
  return { address, image, docker: (...args) => run('docker', args, environment), close };
}

function start(folder: string): string | undefined {
  try {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    return execFileSync(program, ['start', folder], { encoding: 'utf8', stdio: [...stdio] }).trim();
  } catch (error) {
    if (process.env['RUNCTL_TEST_ENGINE'] === 'required') throw error;
    const stars = '*'.repeat(72);
    const said = error instanceof Error ? error.message : String(error);
    process.stderr.write(
      `\n${stars}\nSKIPPED for want of a container engine: tests of containers.\n${said}\n${stars}\n`,
    );
    return undefined;
  }
}

function run(
  command: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, args, { env: environment }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout.trim());
      else reject(new Error(`${command} ${args.join(' ')}: ${stderr}`));
    });
  });
}
