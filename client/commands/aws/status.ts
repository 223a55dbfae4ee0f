import type { Command } from 'commander';
import { exitCodes } from '../../../domain/exit-codes';
import { nextCommandsText, runText } from '../../output/run-text';
import type { RunSnapshot } from '../../runs/run-snapshot';
import { action, type CommandContext, type Invocation } from '../command-context';
import { ArgumentProblems } from '../parse-options';
import { readWatch, showFrames, type WatchOptions } from '../watch-frames';
import { withClient } from '../with-client';
import { addWatchOptions } from './shared-options';

export function addStatusCommand(group: Command, context: CommandContext): void {
  const command = group
    .command('status')
    .description('where a run is now: progress, attempts, checkpoint, cost')
    .argument('<id>', 'a run id or an instance id')
    .addHelpText(
      'after',
      '\nExamples:\n  runctl aws status char-lm-20261124-093012-x7k2\n  runctl aws status i-0123456789abcdef0 --watch --interval 10',
    );
  addWatchOptions(command).action(action(context, status));
}

async function status(invocation: Invocation<WatchOptions>, id: string): Promise<number> {
  const { console, options } = invocation;
  const problems = new ArgumentProblems();
  const intervalSeconds = readWatch(options, problems);
  problems.throwIfAny();
  return withClient(invocation, async (client) => {
    const runId = await client.resolve(id);
    let last = null as RunSnapshot | null;
    const code = await showFrames(console, intervalSeconds, async () => {
      const found = await client.status(runId);
      // What all runs cost together concerns whoever has one that goes on.
      const ofAccount = found.isOver ? [] : await client.accountWarnings();
      const run = { ...found, warnings: [...found.warnings, ...ofAccount] };
      last = run;
      const text = `${runText(run)}\n\n${nextCommandsText(run, client.pageOf(runId))}`;
      return { document: run, text, isLast: run.isOver };
    });
    // Of all ends only this one is about the instance, and not about the training.
    const isTurnedAway = last?.failure?.code === 'already-running';
    return isTurnedAway ? exitCodes.alreadyRunning.value : code;
  });
}
