import type { Command } from 'commander';
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

async function status(invocation: Invocation<object>, id: string): Promise<undefined> {
  await withClient(invocation, async (client) => {
    const run = await client.status(id);
    invocation.console.data(run, runText(run));
  });
}
