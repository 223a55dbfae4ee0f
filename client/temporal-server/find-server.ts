import { Failure } from '../../domain/failure';
import { buildWithGo } from './build-with-go';
import { downloadRelease } from './download-release';
import type { FindServerOptions } from './find-server-options';
import { withInstallLock } from './install-lock';
import {
  cachedProgram,
  checkProgram,
  findOnPath,
  serverRelease,
  type ServerProgram,
} from './server-program';

/**
 * Finds a `temporal` program, or installs one: PATH, our cache, the official release, `go install`. What is installed
 * stays in the user's cache. Two that install at the same moment: one does, the other waits and uses it.
 *
 * @throws temporal-server-missing  None of the ways worked; says why each did not.
 */
export async function findServerProgram(options: FindServerOptions): Promise<ServerProgram> {
  const present = (await findOnPath(options.environment)) ?? (await findInCache(options));
  if (present !== null) return present;
  return withInstallLock(options, async () => {
    // The one that held the lock before may have installed it.
    const installedMeanwhile = await findInCache(options);
    return installedMeanwhile ?? install(options);
  });
}

/** Only looks: PATH, then our cache. Installs nothing. */
export async function findInstalledServer(
  environment: NodeJS.ProcessEnv,
): Promise<ServerProgram | null> {
  return (
    (await findOnPath(environment)) ?? (await checkProgram(cachedProgram(environment), 'cache'))
  );
}

function findInCache(options: FindServerOptions): Promise<ServerProgram | null> {
  return checkProgram(cachedProgram(options.environment), 'cache');
}

async function install(options: FindServerOptions): Promise<ServerProgram> {
  const reasons: string[] = ['no `temporal` on PATH, and none installed by runctl before'];
  for (const [source, way] of [
    ['download', downloadRelease],
    ['go install', buildWithGo],
  ] as const) {
    try {
      await way(options);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      options.say(`  ${source}: ${reason}`);
      reasons.push(`${source}: ${reason}`);
      continue;
    }
    const program = await checkProgram(cachedProgram(options.environment), source);
    if (program !== null) return program;
    reasons.push(`${source}: what it made does not run here`);
  }
  throw new Failure('temporal-server-missing', 'no Temporal server was found or could be made.', {
    why: reasons.join('\n'),
    next: [
      'Any one of these helps:',
      `1. Install the Temporal CLI so that \`temporal\` is on PATH (https://docs.temporal.io/cli, release ${serverRelease} or newer).`,
      '2. Point runctl at a server that runs: TEMPORAL_ADDRESS=host:7233, or a profile in temporal.toml.',
      '3. Install Go (https://go.dev/dl) so that runctl can build it; about 4 minutes, once.',
    ].join('\n'),
  });
}
