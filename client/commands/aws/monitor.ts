import type { Command } from 'commander';
import { limits } from '../../limits';
import { runText } from '../../output/run-text';
import { logStart } from '../../runs/read-log-lines';
import { action, type CommandContext, type Invocation } from '../command-context';
import { ArgumentProblems } from '../parse-options';
import { withClient } from '../with-client';
import { watchRun } from './watch';

interface MonitorOptions {
  readonly follow?: boolean;
  readonly lines?: string;
}

export function addMonitorCommand(group: Command, context: CommandContext): void {
  group
    .command('monitor')
    .description('the state and the last lines of the log; --follow goes on to the end of the run')
    .argument('<id>', 'a run id or an instance id')
    .option('-f, --follow', 'stream log and state over all attempts until the run ends')
    .option('--lines <n>', `last lines of the log to print (${limits.monitorLines})`)
    .action(action(context, monitor));
}

async function monitor(
  invocation: Invocation<MonitorOptions>,
  id: string,
): Promise<number | undefined> {
  const { console, options } = invocation;
  const problems = new ArgumentProblems();
  const count = problems.number('--lines', options.lines, { min: 0 }, limits.monitorLines);
  problems.throwIfAny();
  return withClient(invocation, async (client) => {
    const runId = await client.resolve(id);
    if (options.follow === true) return watchRun(client, runId, console);
    const run = await client.status(runId);
    const log = await client.readLog(runId, run.attempts.at(-1)?.number ?? 1, logStart);
    const lines =
      count === 0
        ? []
        : [...log.lines, log.cursor.unfinishedLine].filter((line) => line !== '').slice(-count);
    const text = [runText(run), '', `Last ${lines.length} lines of the log:`, ...lines];
    console.data({ ...run, log: lines }, text.join('\n'));
    return undefined;
  });
}
