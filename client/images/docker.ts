import { spawn } from 'node:child_process';
import { Failure } from '../../domain/failure';
import { limits } from '../limits';

export interface DockerCall {
  /** Never through a shell, and never with a secret: other users of a machine see each other's arguments. */
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  readonly input?: string;
  /** Gets what docker says as it comes; else only the end of it is kept, for an error. */
  readonly tell?: (line: string) => void;
}

interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  /** The end of all that it said. */
  readonly lastWords: string;
}

/**
 * Runs the docker CLI of this machine and returns its output.
 *
 * @throws image-not-built  It failed; `what` says at which step, the message has its last words.
 * @throws docker-missing  It is not installed, or reaches no engine.
 */
export async function docker(what: string, call: DockerCall): Promise<string> {
  const ended = await run(call);
  if (ended === null) {
    const why = 'There is no program of this name on PATH.';
    throw new Failure('docker-missing', '`docker` cannot be started.', { why });
  }
  if (ended.exitCode === 0) return ended.stdout;
  if (/cannot connect to the docker daemon|error during connect/i.test(ended.lastWords)) {
    const why = ended.lastWords.trim();
    throw new Failure('docker-missing', '`docker` reaches no engine.', { why });
  }
  throw new Failure('image-not-built', `${what} failed.`, { why: ended.lastWords.trim() });
}

function run({ args, environment, input, tell }: DockerCall): Promise<Ended | null> {
  return new Promise((resolve, reject) => {
    const child = spawn('docker', args, { env: environment, stdio: ['pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let lastWords = '';
    const listen = (chunk: string): void => {
      lastWords = (lastWords + chunk).slice(-limits.dockerWordsCharacters);
      if (tell === undefined) return;
      for (const line of chunk.split(/[\r\n]+/)) if (line.trim() !== '') tell(line);
    };
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8');
    child.stdout.on('data', (chunk: string) => {
      stdout = (stdout + chunk).slice(-limits.dockerOutputCharacters);
      listen(chunk);
    });
    child.stderr.on('data', listen);
    child.once('error', (error) => {
      if ('code' in error && error.code === 'ENOENT') resolve(null);
      else reject(error);
    });
    child.once('close', (exitCode) => {
      resolve({ exitCode: exitCode ?? 255, stdout, lastWords });
    });
    // Docker may end before it has read it all; why, it says itself.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input ?? '');
  });
}
