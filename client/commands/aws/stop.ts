import type { Command } from 'commander';
import { action, type CommandContext, type Invocation } from '../command-context';
import { withClient } from '../with-client';

interface StopOptions {
  readonly force?: boolean;
}

export function addStopCommand(group: Command, context: CommandContext): void {
  group
    .command('stop')
    .description('save, stop, and give the instance back')
    .argument('<id>', 'a run id or an instance id')
    .option('--force', 'kill the script at once; what it saved before is kept')
    .action(action(context, stop));
}

async function stop(invocation: Invocation<StopOptions>, id: string): Promise<undefined> {
  await withClient(invocation, async (client) => {
    const force = invocation.options.force ?? false;
    const runId = await client.resolve(id);
    await client.stop(runId, { force });
    const text = force ? `Run ${runId} is being stopped at once.` : `Run ${runId} saves and stops.`;
    invocation.console.data({ runId, stopping: true, force }, text);
    invocation.console.say(`Watch it: runctl aws monitor ${runId} --follow`);
  });
}
