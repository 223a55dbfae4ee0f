import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { exitCodes } from '../../domain/exit-codes';
import { Failure } from '../../domain/failure';
import {
  loadSettings,
  settingsForLocalCloud,
  type LoadedSettings,
} from '../../settings/load-settings';
import { chooseCloud } from '../environment/choose-cloud';
import { startDetached } from '../environment/detach';
import { startEnvironment, type RunningEnvironment } from '../environment/start-environment';
import { findUpFile, isUp, stateFolderName, type UpFile } from '../environment/up-file';
import type { Console } from '../output/console';
import { tryToLock, unlock } from '../processes/lock-file';
import { isAlive } from '../processes/process-identity';
import {
  action,
  type CommandContext,
  type GlobalOptions,
  type Invocation,
} from './command-context';
import { ArgumentProblems } from './parse-options';
import { tellSettings } from './tell-settings';

interface UpOptions {
  readonly worker: boolean;
  readonly port?: string;
  readonly uiPort?: string;
  readonly detach?: boolean;
}

export function addUpCommand(program: Command, context: CommandContext): void {
  program
    .command('up')
    .description('start Temporal (unless one is configured), the local cloud, and a worker')
    .option('--no-worker', 'start no worker')
    .option('--port <number>', 'port of the Temporal server')
    .option('--ui-port <number>', 'port of its Web UI')
    .option('--detach', 'return once everything runs; end it with `runctl down`')
    .action(action(context, up));
}

async function up(invocation: Invocation<UpOptions>): Promise<number | undefined> {
  const { context, console } = invocation;
  const settings = loadSettings({ ...context, flags: { cloud: invocation.options.cloud } });
  tellSettings(console, settings);
  const folder = settings.projectFolder ?? context.folder;
  refuseSecond(folder);
  if (invocation.options.detach === true) {
    tell(console, await startDetached(folder, context.environment));
    return undefined;
  }
  const lockFile = path.join(folder, stateFolderName, 'up.lock');
  if (!tryToLock(lockFile)) throw alreadyUp(folder, 'Another `runctl up` is starting there.');
  try {
    return await runInForeground(invocation, folder, settings);
  } finally {
    unlock(lockFile);
  }
}

async function runInForeground(
  { context, console, options }: Invocation<UpOptions>,
  folder: string,
  settings: LoadedSettings,
): Promise<number> {
  const stopRequested = nextStopSignal();
  const cloud = pickCloud(settings);
  const running = await startEnvironment({
    folder,
    cloud,
    settings: cloud === 'local' ? settingsForLocalCloud(settings) : settings.values,
    environment: context.environment,
    startsWorker: options.worker,
    temporal: { namespace: 'default', usesStockPorts: true, ...parsePorts(options) },
    say: (text) => {
      console.say(text);
    },
  });
  tell(console, running.upFile);
  watchParts(running, console);
  console.say('Ctrl-C stops all.');
  await stopRequested;
  console.say('Stopping …');
  await running.stop();
  console.say('Stopped.');
  return exitCodes.ok.value;
}

/** Without a word about the cloud `up` means the local one: it costs nothing, and it is printed. */
function pickCloud({ values, places }: LoadedSettings): 'local' | 'aws' {
  if (values.cloud === undefined || places.cloud === undefined) return 'local';
  return chooseCloud({ configured: { cloud: values.cloud, ...places.cloud }, up: null }).cloud;
}

function parsePorts(options: UpOptions & GlobalOptions): { port?: number; uiPort?: number } {
  const problems = new ArgumentProblems();
  const bounds = { min: 1, max: 65_535 };
  const port = problems.number('--port', options.port, bounds, undefined);
  const uiPort = problems.number('--ui-port', options.uiPort, bounds, undefined);
  problems.throwIfAny();
  return {
    ...(port === undefined ? {} : { port }),
    ...(uiPort === undefined ? {} : { uiPort }),
  };
}

function refuseSecond(folder: string): void {
  const found = findUpFile(folder);
  if (found === null || !isUp(found.content)) return;
  const { up: owner } = found.content.pids;
  const why = isAlive(owner)
    ? `\`runctl up\` runs in ${found.folder} (PID ${owner.pid}).`
    : `An earlier \`runctl up\` in ${found.folder} was killed, and parts of it still run.`;
  throw alreadyUp(found.folder, why);
}

function alreadyUp(folder: string, why: string): Failure {
  return new Failure('already-up', `it is up already in ${folder}.`, { why });
}

function tell(console: Console, upFile: UpFile): void {
  const { cloud, region, awsEndpointUrl, temporalAddress, temporalNamespace, webUiUrl } = upFile;
  const where = cloud === 'local' ? `local, ${awsEndpointUrl ?? ''}` : `AWS, region ${region}`;
  const lines = [
    `Cloud:     ${where}`,
    `Temporal:  ${temporalAddress}, namespace ${temporalNamespace}`,
    ...(webUiUrl === null ? [] : [`Web UI:    ${webUiUrl}`]),
    `Worker:    ${upFile.pids.worker === null ? 'none (`runctl worker` starts one)' : `PID ${upFile.pids.worker.pid}`}`,
    '',
    'Train:     runctl aws train SCRIPT -- ARGS',
    'Stock CLIs: eval "$(runctl env)"',
  ];
  console.data(upFile, lines.join('\n'));
}

/** A part that ends by itself is told loudly and not started again: why it ended is for a person to see. */
function watchParts(running: RunningEnvironment, console: Console): void {
  for (const { name, process } of running.processes) {
    void process.ended.then((reason) => {
      if (running.isStopping()) return;
      const next =
        name === 'worker'
          ? 'Runs wait until a worker is back: `runctl worker` starts one.'
          : 'Start again: `runctl down`, then `runctl up`.';
      console.say(
        `\n!! The ${name} has ended (${reason}). Its log: ${process.logFile}\n!! ${next}\n`,
      );
    });
  }
}

/** Resolves at the first SIGINT, SIGTERM or SIGHUP; later ones are ignored while everything is stopped in order. */
async function nextStopSignal(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, resolve);
  });
  await sleep(0);
}
