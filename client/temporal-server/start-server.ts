import path from 'node:path';
import { Failure } from '../../domain/failure';
import { answers, type TemporalTarget } from '../../temporal/connect';
import { searchAttributeArguments } from '../../temporal/search-attributes';
import { limits } from '../limits';
import {
  endProcess,
  lastLines,
  startInBackground,
  type BackgroundProcess,
} from '../processes/background-process';
import { listensOn } from '../processes/port-owner';
import { findFreePort, preferPort, requireFreePort } from '../processes/ports';
import { waitUntil } from '../wait-until';
import type { ServerProgram } from './server-program';

export interface StartServerOptions {
  readonly program: ServerProgram;
  /** Holds `temporal.db` and `logs/temporal.log`; the same folder again goes on with the same workflows. */
  readonly stateFolder: string;
  readonly namespace: string;
  readonly environment: NodeJS.ProcessEnv;
  /** As asked for; otherwise the stock port when it is free, else any. Demos always take any. */
  readonly port?: number;
  readonly uiPort?: number;
  readonly usesStockPorts: boolean;
}

export interface StartedServer {
  readonly process: BackgroundProcess;
  readonly target: TemporalTarget;
  readonly webUiUrl: string;
}

const stockPort = 7233;
const stockUiPort = 8233;

/**
 * A server is set up for a cluster: it lets timers be late by up to a second, and asks for new work at most 20 times a second,
 * so that its queries stay few. Alone on this machine it has one shard, and every step of every run would wait for these.
 */
export const promptServerArguments = [
  'history.timerProcessorMaxTimeShift="10ms"',
  'history.timerProcessorMaxPollRPS=1000',
  'history.transferProcessorMaxPollRPS=1000',
].flatMap((setting) => ['--dynamic-config-value', setting]);

/**
 * Starts a development server on 127.0.0.1 and returns once it answers, with our search attributes registered.
 *
 * @throws port-taken  A port that was asked for is in use.
 * @throws temporal-server-missing  It ended, or did not answer in time; says its last words.
 */
export async function startServer(options: StartServerOptions): Promise<StartedServer> {
  if (options.port !== undefined) await requireFreePort(options.port, '--port');
  if (options.uiPort !== undefined) await requireFreePort(options.uiPort, '--ui-port');
  let lastWords = '';
  for (let attempt = 1; attempt <= limits.portAttempts; attempt += 1) {
    const started = await tryToStart(options);
    if (started.kind === 'started') return started.server;
    lastWords = started.lastWords;
    // Only a port that somebody took between our look and the server's is worth another try.
    if (!started.wasPortTaken) break;
  }
  throw new Failure('temporal-server-missing', 'the Temporal server did not start.', {
    why: lastWords,
    next: `Try it by hand: ${options.program.file} server start-dev`,
  });
}

type StartAttempt =
  | { readonly kind: 'started'; readonly server: StartedServer }
  | { readonly kind: 'failed'; readonly lastWords: string; readonly wasPortTaken: boolean };

async function tryToStart(options: StartServerOptions): Promise<StartAttempt> {
  const pickPort = (stock: number): Promise<number> =>
    options.usesStockPorts ? preferPort(stock) : findFreePort();
  const port = options.port ?? (await pickPort(stockPort));
  const uiPort = options.uiPort ?? (await pickPort(stockUiPort));
  const background = await startInBackground({
    command: options.program.file,
    args: serverArguments(options, port, uiPort),
    environment: options.environment,
    logFile: path.join(options.stateFolder, 'logs', 'temporal.log'),
  });
  const target: TemporalTarget = {
    address: `127.0.0.1:${port}`,
    namespace: options.namespace,
    source: 'runctl up',
    options: {},
  };
  const isReady = await waitUntil(
    async () =>
      background.endReason() !== null ||
      // Another server may have been faster on the same port; ours then ends in a moment.
      (listensOn(background.identity.pid, port) && (await answers(target))),
    {
      timeoutSeconds: limits.temporalReadySeconds,
      intervalMs: 100,
    },
  );
  const end = background.endReason();
  if (isReady && end === null) {
    const webUiUrl = `http://127.0.0.1:${uiPort}`;
    return { kind: 'started', server: { process: background, target, webUiUrl } };
  }
  await endProcess(background.identity);
  const reason =
    end === null ? `it did not answer in ${limits.temporalReadySeconds} s` : `it ended (${end})`;
  const words = wordsBeforeStack(lastLines(background.logFile, limits.temporalLogLines));
  return {
    kind: 'failed',
    lastWords: `${reason}: ${words.split('\n').slice(-5).join('\n')}`,
    wasPortTaken: words.includes('address already in use'),
  };
}

/** A port taken after the server's own check makes it panic: what it says stands before the stacks of its goroutines. */
export function wordsBeforeStack(log: string): string {
  return (log.split(/^goroutine \d+ /m)[0] ?? '').trimEnd();
}

function serverArguments(options: StartServerOptions, port: number, uiPort: number): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--log-level', 'warn'],
    ...['--port', String(port), '--ui-port', String(uiPort), '--namespace', options.namespace],
    ...['--db-filename', path.join(options.stateFolder, 'temporal.db')],
    ...searchAttributeArguments.flatMap((argument) => ['--search-attribute', argument]),
    ...promptServerArguments,
  ];
}
