import type { Command } from 'commander';
import { limits } from '../../limits';
import type { Console } from '../../output/console';
import { runText } from '../../output/run-text';
import type { LogSelection } from '../../runs/log-reader';
import type { TrainingClient } from '../../training-client';
import { action, type CommandContext, type Invocation } from '../command-context';
import { ArgumentProblems } from '../parse-options';
import { withClient } from '../with-client';
import { readLogSelection, type LogOptions } from './log-options';
import { watchRun } from './watch';

interface MonitorOptions extends LogOptions {
  readonly follow?: boolean;
}

export function addMonitorCommand(group: Command, context: CommandContext): void {
  group
    .command('monitor')
    .description('the state and the last lines of the log; --follow goes on to the end of the run')
    .argument('<id>', 'a run id or an instance id')
    .option('-f, --follow', 'stream log and state over all attempts until the run ends')
    .option('--attempt <n>', 'only the log of this attempt')
    .option('--since <time>', 'only what was published since: 2026-01-31T12:00:00Z, 90s, 10m, 2h')
    .option(
      '--lines <n>',
      `last lines of the log to print, or "all" (${limits.monitorLines}; with --follow or --since all)`,
    )
    .action(action(context, monitor));
}

async function monitor(
  invocation: Invocation<MonitorOptions>,
  id: string,
): Promise<number | undefined> {
  const { console, options } = invocation;
  const problems = new ArgumentProblems();
  const defaultLines = options.follow === true ? undefined : limits.monitorLines;
  const selection = readLogSelection(options, problems, defaultLines, Date.now());
  problems.throwIfAny();
  return withClient(invocation, async (client) => {
    const runId = await client.resolve(id);
    if (options.follow === true) return watchRun(client, runId, console, selection);
    await showLog(client, runId, console, selection);
    return undefined;
  });
}

/** As text the lines are written as they are read; the JSON document has the last ones up to its bound. */
async function showLog(
  client: TrainingClient,
  runId: string,
  console: Console,
  selection: LogSelection,
): Promise<void> {
  const run = await client.status(runId);
  const isText = console.format === 'text';
  if (isText) console.data(run, `${runText(run)}\n\nLog:`);
  let document: string[] = [];
  const onLines = (lines: readonly string[]): void => {
    if (isText) console.line(lines.join('\n'));
    else document = [...document, ...lines].slice(-limits.logDocumentLines);
  };
  // What is there now counts, also a last line that has no end yet.
  await client.logReader(runId, selection).read(await client.newestAttempt(run), true, { onLines });
  if (!isText) console.data({ ...run, log: document }, '');
}
