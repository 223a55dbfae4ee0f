import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { docker } from './docker';

export interface BuildRequest {
  readonly dockerfile: string;
  /** What the Dockerfile's COPY sees. */
  readonly context: string;
  /** Of the instances, `amd64` or `arm64`. */
  readonly architecture: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly tell: (line: string) => void;
}

/** Builds the image and returns its id, which is the hash of all that is in it. @throws image-not-built, docker-missing */
export async function buildImage(request: BuildRequest): Promise<string> {
  const { dockerfile, context, architecture, environment, tell } = request;
  const folder = mkdtempSync(path.join(tmpdir(), 'runctl-image-'));
  try {
    const idFile = path.join(folder, 'id');
    // Said only where it has to be: an engine of another kind then emulates, or tells that it cannot.
    const platform =
      architecture === ownArchitecture() ? [] : ['--platform', `linux/${architecture}`];
    await docker('`docker build`', {
      args: ['build', '--file', dockerfile, '--iidfile', idFile, ...platform, context],
      // A builder in a container of its own would keep the image to itself.
      environment: { ...environment, BUILDX_BUILDER: 'default' },
      tell,
    });
    return readFileSync(idFile, 'utf8').trim();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The architecture of the instances, in docker's words: Graviton types have a `g` behind their generation. Of several
 * types all must be of one kind; AMIs are, too.
 */
export function architectureOf(instanceTypes: readonly string[]): 'amd64' | 'arm64' {
  const isArm = (type: string): boolean => /^([a-z]+\d+g[a-z]*|a1)\./.test(type);
  return instanceTypes.length > 0 && instanceTypes.every(isArm) ? 'arm64' : 'amd64';
}

/** This machine's own, in docker's words. */
export const ownArchitecture = (): string => (process.arch === 'x64' ? 'amd64' : process.arch);
