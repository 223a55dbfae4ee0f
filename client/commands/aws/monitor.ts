import type { Command } from 'commander';
import { exitCodes } from '../../../domain/exit-codes';
import { limits } from '../../limits';
import type { Console } from '../../output/console';
import { runText } from '../../output/run-text';
import { exitCodeOfRun } from '../../runs/exit-code';
import { followRun } from '../../runs/follow-run';
import type { LogSelection } from '../../runs/log-reader';
import type { RunSnapshot } from '../../runs/run-snapshot';
import type { TrainingClient } from '../../training-client';
import { action, type CommandContext, type Invocation } from '../command-context';
import { ArgumentProblems } from '../parse-options';
import { withClient } from '../with-client';
import { readLogSelection, type LogOptions } from './log-options';
import { interruptedBy, talkOf, tellDetached, watchRun } from './watch';

interface MonitorOptions extends LogOptions {
  readonly follow?: boolean;
  readonly wait: boolean;
}

const help = `
Ends with the exit code of the run (runctl help exit-codes). Ctrl-C ends the watching only.
Of a run that goes on, the last ${limits.monitorLines} lines are shown before the waiting; of one that is over, the whole log.
An instance id stands for the run on that instance, or the newest that was.`;

export function addMonitorCommand(group: Command, context: CommandContext): void {
  group
    .command('monitor')
    .aliases(['watch', 'logs'])
    .description('show state and log, wait for the end of the run, and end with its exit code')
    .argument('<id>', 'a run id or an instance id')
    .option('-f, --follow', 'stream log and state over all attempts until the run ends')
    .option('--no-wait', 'show what is there now and return')
    .option('--attempt <n>', 'only the log of this attempt')
    .option('--since <time>', 'only what was published since: 2026-01-31T12:00:00Z, 90s, 10m, 2h')
    .option('--lines <n>', 'so many last lines of the log, or "all"')
    .addHelpText('after', help)
    .action(action(context, monitor));
}

async function monitor(
  invocation: Invocation<MonitorOptions>,
  id: string,
): Promise<number | undefined> {
  const { console, options } = invocation;
  const problems = new ArgumentProblems();
  const selection = readLogSelection(options, problems, undefined, Date.now());
  problems.throwIfAny();
  return withClient(invocation, async (client) => {
    const runId = await client.resolve(id);
    if (options.follow === true) return watchRun(client, runId, console, selection);
    const run = await client.status(runId);
    const isWhole = run.isOver || selection.lastLines !== undefined || options.lines === 'all';
    const shown = isWhole ? selection : { ...selection, lastLines: limits.monitorLines };
    if (isAllThere(run, selection) || !options.wait) return showLog(client, run, console, shown);
    return showAndWait(client, run, console, shown);
  });
}

/** Whether nothing more can come of what was asked for. */
function isAllThere(run: RunSnapshot, { attemptNumber }: LogSelection): boolean {
  const newest = run.attempts.at(-1)?.number ?? 1;
  return run.isOver || (attemptNumber !== undefined && attemptNumber < newest);
}

/** As text the lines are written as they are read; the JSON document has the last ones up to its bound. */
async function showLog(
  client: TrainingClient,
  run: RunSnapshot,
  console: Console,
  selection: LogSelection,
): Promise<number> {
  const isText = console.format === 'text';
  if (isText) console.data(run, `${runText(run)}\n\nLog:`);
  let document: string[] = [];
  const onLines = (lines: readonly string[]): void => {
    if (isText) console.line(lines.join('\n'));
    else document = [...document, ...lines].slice(-limits.logDocumentLines);
  };
  // What is there now counts, also a last line that has no end yet.
  const reader = client.logReader(run.runId, selection);
  await reader.read(await client.newestAttempt(run), true, { onLines });
  if (!isText) console.data({ ...run, log: document }, '');
  return run.isOver ? exitCodeOfRun(run) : exitCodes.ok.value;
}

/** The one JSON document comes at the end, with the log's last lines of then. */
async function showAndWait(
  client: TrainingClient,
  run: RunSnapshot,
  console: Console,
  selection: LogSelection,
): Promise<number> {
  const isText = console.format === 'text';
  if (isText) await showLog(client, run, console, selection);
  console.say(`Waiting for the end of ${run.runId}; --follow streams its log meanwhile.`);
  const end = await interruptedBy('SIGINT', (signal) =>
    followRun(client, run.runId, talkOf(console), signal),
  );
  if (end === null) return tellDetached(run.runId, console);
  if (!isText) return showLog(client, end, console, selection);
  console.data(end, `\n${runText(end)}`);
  return exitCodeOfRun(end);
}
