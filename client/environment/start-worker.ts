import { readFileSync } from 'node:fs';
import { Failure } from '../../domain/failure';
import { workerReadyLine } from '../../domain/ids';
import { limits } from '../limits';
import { inPackage } from '../package-root';
import {
  endProcess,
  lastLines,
  startInBackground,
  type BackgroundProcess,
} from '../processes/background-process';
import { waitUntil } from '../wait-until';

export const workerProgram = (): string => inPackage('dist', 'worker', 'main.js');

/**
 * Starts a worker process and returns once it polls.
 *
 * @throws worker-failed  It ended, or was not ready in time; says its last words.
 */
export async function startWorker(options: {
  readonly folder: string;
  readonly logFile: string;
  readonly environment: NodeJS.ProcessEnv;
}): Promise<BackgroundProcess> {
  const background = await startInBackground({
    command: process.execPath,
    args: [workerProgram()],
    environment: options.environment,
    logFile: options.logFile,
    folder: options.folder,
  });
  const isSettled = await waitUntil(
    () =>
      background.endReason() !== null ||
      readFileSync(options.logFile, 'utf8').includes(workerReadyLine),
    { timeoutSeconds: limits.workerReadySeconds, intervalMs: 100 },
  );
  const end = background.endReason();
  if (isSettled && end === null) return background;
  await endProcess(background.identity);
  throw new Failure('worker-failed', 'the worker did not start.', {
    why: `${end === null ? 'It was not ready in time' : `It ended (${end})`}:\n${lastLines(options.logFile, 8)}`,
    next: `Its log is ${options.logFile}. Correct what it names and start it again.`,
  });
}
