import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { limits } from '../limits';
import { waitUntil } from '../wait-until';
import { identifyProcess, isAlive, type LocalProcess } from './process-identity';

/** A child in its own process group, so that Ctrl-C in the terminal reaches only us and we end it in order. */
export interface BackgroundProcess {
  readonly identity: LocalProcess;
  readonly logFile: string;
  /** Resolves when it has ended, with its exit code or the name of the signal. */
  readonly ended: Promise<string>;
  /** The same at this moment; null while it lives. */
  readonly endReason: () => string | null;
  /** Lets this process end while the child lives on. */
  readonly release: () => void;
}

export interface BackgroundCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
  /** Receives stdout and stderr; emptied first, so that what is read from it is of this start. */
  readonly logFile: string;
  readonly folder?: string;
}

/**
 * Starts a child whose output goes to a file, so that it does not die of a broken pipe when we do.
 *
 * @throws the error of spawn, such as ENOENT when the command is not there.
 */
export async function startInBackground(options: BackgroundCommand): Promise<BackgroundProcess> {
  mkdirSync(path.dirname(options.logFile), { recursive: true });
  const log = openSync(options.logFile, 'w', 0o600);
  const child = spawn(options.command, options.args, {
    detached: true,
    stdio: ['ignore', log, log],
    env: options.environment,
    ...(options.folder === undefined ? {} : { cwd: options.folder }),
  });
  closeSync(log);
  let reason: string | null = null;
  const ended = endOf(child);
  void ended.then((end) => {
    reason = end;
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid ?? 0;
  // A child that is gone already has no start time any more; its end is told by `ended`.
  const identity = identifyProcess(pid) ?? { pid, startTime: '' };
  return {
    identity,
    logFile: options.logFile,
    ended,
    endReason: () => reason,
    release: () => {
      child.unref();
    },
  };
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(signal ?? `exit code ${code ?? 0}`);
    });
    // Without a listener an error that comes before 'spawn' would end this process.
    child.on('error', () => {
      resolve('not started');
    });
  });
}

/** SIGTERM, then SIGKILL when it still lives after `limits.processEndSeconds`. Gone is success. */
export async function endProcess(process: LocalProcess): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isAlive(process)) return;
    sendSignal(process.pid, signal);
    const hasEnded = await waitUntil(() => !isAlive(process), {
      timeoutSeconds: limits.processEndSeconds,
      intervalMs: 50,
    });
    if (hasEnded) return;
  }
}

function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended between the look and the signal.
  }
}

/** The last lines of a log file, for messages; '' when it cannot be read. */
export function lastLines(file: string, count: number): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
  } catch {
    // Never written: the process ended before it could.
    return '';
  }
}
