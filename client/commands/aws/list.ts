import type { Command } from 'commander';
import { formatTable } from '../../output/table';
import { action, type CommandContext, type Invocation } from '../command-context';
import { withClient } from '../with-client';

interface ListOptions {
  readonly open?: boolean;
}

export function addListCommand(group: Command, context: CommandContext): void {
  group
    .command('list')
    .description('the newest runs, newest first')
    .option('--open', 'only runs that go on')
    .action(action(context, list));
}

async function list(invocation: Invocation<ListOptions>): Promise<undefined> {
  await withClient(invocation, async (client) => {
    const runs = await client.list({ onlyOpen: invocation.options.open ?? false });
    const rows = runs.map((run) => [run.runId, run.state, run.startedAt, run.endedAt ?? '-']);
    const table = formatTable(['RUN', 'STATE', 'STARTED', 'ENDED'], rows);
    invocation.console.data({ runs }, runs.length === 0 ? 'No runs.' : table);
  });
}
