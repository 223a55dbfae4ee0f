import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { limits } from '../limits';
import { formatDuration } from '../../domain/format';
import type { FindServerOptions } from './find-server-options';
import { cachedProgram, serverCacheFolder, serverRelease } from './server-program';

const progressIntervalMs = 15_000;

/** Builds the server with `go install` into the cache: minutes, once. The Web UI is inside. */
export async function buildWithGo(options: FindServerOptions): Promise<void> {
  const folder = serverCacheFolder(options.environment);
  mkdirSync(folder, { recursive: true });
  const unfinished = mkdtempSync(path.join(folder, 'build-'));
  options.say(
    `Building the Temporal server ${serverRelease} with Go; this takes about 4 minutes, once.`,
  );
  const startedAt = Date.now();
  const elapsed = (): string => formatDuration((Date.now() - startedAt) / 1_000);
  const ticker = setInterval(() => {
    options.say(`  still building, ${elapsed()} so far …`);
  }, progressIntervalMs);
  try {
    await runGo(unfinished, options.environment);
    renameSync(path.join(unfinished, 'temporal'), cachedProgram(options.environment));
    options.say(`  built in ${elapsed()}; kept in ${folder}`);
  } finally {
    clearInterval(ticker);
    rmSync(unfinished, { recursive: true, force: true });
  }
}

function runGo(targetFolder: string, environment: NodeJS.ProcessEnv): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      'go',
      ['install', `github.com/temporalio/cli/cmd/temporal@v${serverRelease}`],
      {
        // The release builds are made without cgo too; so no C compiler is needed.
        env: { ...environment, GOBIN: targetFolder, CGO_ENABLED: '0' },
        stdio: ['ignore', 'ignore', 'pipe'],
        timeout: limits.serverInstallSeconds * 1_000,
      },
    );
    let lastErrorLine = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      lastErrorLine = text.trim().split('\n').at(-1) ?? lastErrorLine;
    });
    child.once('error', (error) => {
      const isMissing = 'code' in error && error.code === 'ENOENT';
      reject(isMissing ? new Error('there is no `go` on PATH') : error);
    });
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else
        reject(new Error(`go ended with ${signal ?? `exit code ${code ?? 0}`}: ${lastErrorLine}`));
    });
  });
}
