import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { extract } from 'tar';
import { limits } from '../limits';
import type { FindServerOptions } from './find-server-options';
import { cachedProgram, serverCacheFolder, serverRelease } from './server-program';

const officialReleasesUrl = 'https://github.com/temporalio/cli/releases/download';

/**
 * Downloads the official release for this platform into the cache, after checking it against the release's own
 * checksums. Fails within seconds where there is no internet.
 */
export async function downloadRelease(options: FindServerOptions): Promise<void> {
  const archiveName = `temporal_cli_${serverRelease}_${platformName()}.tar.gz`;
  const base = `${options.releasesUrl ?? officialReleasesUrl}/v${serverRelease}`;
  options.say(`Downloading the Temporal server ${serverRelease} from ${base} …`);
  const checksums = (await fetchBytes(`${base}/checksums.txt`, limits.downloadConnectSeconds))
    .toString('utf8')
    .split('\n');
  const expected = checksums.find((line) => line.trim().endsWith(archiveName))?.split(/\s+/)[0];
  if (expected === undefined) throw new Error(`the release has no ${archiveName}`);
  const archive = await fetchBytes(`${base}/${archiveName}`, limits.serverInstallSeconds);
  const actual = createHash('sha256').update(archive).digest('hex');
  if (actual !== expected) throw new Error(`${archiveName} has sha256 ${actual}, not ${expected}`);
  await unpackProgram(archive, options.environment);
}

async function unpackProgram(archive: Buffer, environment: NodeJS.ProcessEnv): Promise<void> {
  const folder = serverCacheFolder(environment);
  mkdirSync(folder, { recursive: true });
  const unfinished = mkdtempSync(path.join(folder, 'download-'));
  try {
    const archiveFile = path.join(unfinished, 'archive.tar.gz');
    writeFileSync(archiveFile, archive);
    await extract({ file: archiveFile, cwd: unfinished }, ['temporal']);
    renameSync(path.join(unfinished, 'temporal'), cachedProgram(environment));
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

async function fetchBytes(url: string, timeoutSeconds: number): Promise<Buffer> {
  let reply: Response;
  try {
    reply = await fetch(url, { signal: AbortSignal.timeout(timeoutSeconds * 1_000) });
    if (reply.ok) return Buffer.from(await reply.arrayBuffer());
  } catch (error) {
    // fetch says only "fetch failed"; the reason is its cause.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    throw new Error(`${url}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause: error,
    });
  }
  throw new Error(`${url} answered ${reply.status}`);
}

function platformName(): string {
  const systems: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin' };
  const architectures: Partial<Record<NodeJS.Architecture, string>> = {
    x64: 'amd64',
    arm64: 'arm64',
  };
  const system = systems[process.platform];
  const architecture = architectures[process.arch];
  if (system === undefined || architecture === undefined) {
    throw new Error(`there is no release for ${process.platform} ${process.arch}`);
  }
  return `${system}_${architecture}`;
}
