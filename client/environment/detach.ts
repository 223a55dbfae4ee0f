import { readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { Failure, isFailureCode } from '../../domain/failure';
import { limits } from '../limits';
import { lastLines, startInBackground } from '../processes/background-process';
import { waitUntil } from '../wait-until';
import { findUpFile, stateFolderName, type UpFile } from './up-file';

/**
 * Starts this same command line without `--detach` in the background and returns once everything runs.
 *
 * @throws what `up` in the foreground would have thrown.
 */
export async function startDetached(
  folder: string,
  environment: NodeJS.ProcessEnv,
): Promise<UpFile> {
  const [, program = '', ...args] = process.argv;
  // The last --output wins: the document tells a failure whole.
  const own = [...args.filter((argument) => argument !== '--detach'), '--output', 'json'];
  const background = await startInBackground({
    command: process.execPath,
    args: [...process.execArgv, program, ...own],
    environment,
    logFile: path.join(folder, stateFolderName, 'logs', 'up.log'),
    folder: process.cwd(),
  });
  const hasWorker = !own.includes('--no-worker');
  await waitUntil(
    () =>
      readReady(folder, background.identity.pid, hasWorker) !== null ||
      background.endReason() !== null,
    // Building a server counts too.
    { timeoutSeconds: limits.serverInstallSeconds + limits.workerReadySeconds, intervalMs: 100 },
  );
  const ready = readReady(folder, background.identity.pid, hasWorker);
  background.release();
  if (ready !== null && background.endReason() === null) return ready;
  throw readFailure(background.logFile);
}

const errorSchema = z.object({
  error: z.object({ code: z.string(), message: z.string(), why: z.string(), next: z.string() }),
});

/** What the process in the background said itself: its document begins on a line of its own. */
function readFailure(logFile: string): Failure {
  const log = readFileSync(logFile, 'utf8');
  const start = log.lastIndexOf('{\n  "error"');
  const parsed = start === -1 ? null : errorSchema.safeParse(parseJson(log.slice(start)));
  if (parsed?.success === true) {
    const { code, message, why, next } = parsed.data.error;
    if (isFailureCode(code)) return new Failure(code, message, { why, next });
  }
  return new Failure('worker-failed', '`runctl up` ended before everything ran.', {
    why: lastLines(logFile, 12),
    next: `Its log is ${logFile}.`,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Something was written behind it; the lines of the log say what.
    return null;
  }
}

/** What `up` wrote, once it is complete and of this process. */
function readReady(folder: string, pid: number, hasWorker: boolean): UpFile | null {
  const content = findUpFile(folder)?.content;
  if (content?.pids.up.pid !== pid) return null;
  return !hasWorker || content.pids.worker !== null ? content : null;
}
