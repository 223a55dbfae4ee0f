import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Command } from 'commander';
import { resolveEnvironment, workerVariables } from '../environment/environment';
import { workerProgram } from '../environment/start-worker';
import { writeUpFile, type FoundUpFile } from '../environment/up-file';
import { identifyProcess } from '../processes/process-identity';
import { action, type CommandContext, type Invocation } from './command-context';
import { tellSettings } from './tell-settings';

export function addWorkerCommand(program: Command, context: CommandContext): void {
  program
    .command('worker')
    .description(
      'run a worker in the foreground; also how a worker that was killed is started again',
    )
    .action(action(context, worker));
}

async function worker({ context, options, console }: Invocation<object>): Promise<number> {
  const environment = resolveEnvironment({ ...context, flags: { cloud: options.cloud } });
  tellSettings(console, environment);
  console.say(`Worker for ${environment.cloudDescription}`);
  const child = spawn(process.execPath, [workerProgram()], {
    stdio: 'inherit',
    env: workerVariables(
      environment.cloud,
      environment.variables,
      environment.settings,
      environment.temporal,
    ),
  });
  if (environment.up !== null && child.pid !== undefined) rememberWorker(environment.up, child.pid);
  // Ctrl-C reaches the child by itself; it shuts down in order, and we end with it.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      resolve(signal === null ? (code ?? 0) : 128 + constants.signals[signal]);
    });
  });
}

/** So that `runctl down` and the end of `runctl up` find this worker too. */
function rememberWorker({ folder, content }: FoundUpFile, pid: number): void {
  const pids = { ...content.pids, worker: identifyProcess(pid) };
  writeUpFile(folder, { ...content, pids });
}
