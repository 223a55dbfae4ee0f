import type { Command } from 'commander';
import { exitCodeOfRun } from '../../exit-codes';
import { runText } from '../../output/run-text';
import { action, type CommandContext, type Invocation } from '../command-context';
import { withClient } from '../with-client';

export function addStatusCommand(group: Command, context: CommandContext): void {
  group
    .command('status')
    .description('where a run is now: attempts, checkpoint, cost')
    .argument('<id>', 'a run id or an instance id')
    .action(action(context, status));
}

async function status(invocation: Invocation<object>, id: string): Promise<number | undefined> {
  return withClient(invocation, async (client) => {
    const run = await client.status(id);
    invocation.console.data(run, runText(run));
    // Of all ends only this one is about the instance, and not about the training.
    return run.failure?.code === 'already-running' ? exitCodeOfRun(run) : undefined;
  });
}
