import type { Command } from 'commander';
import { followRun } from '../../runs/follow-run';
import { action, type CommandContext, type Invocation } from '../command-context';
import { withClient } from '../with-client';
import { interruptedBy, tellDetached, tellEnd } from './watch';

export function addWaitCommand(group: Command, context: CommandContext): void {
  group
    .command('wait')
    .description("wait silently for a run's end, and end with its exit code")
    .argument('<id>', 'a run id or an instance id')
    .action(action(context, wait));
}

async function wait(invocation: Invocation<object>, id: string): Promise<number> {
  const { console } = invocation;
  return withClient(invocation, async (client) => {
    const runId = await client.resolve(id);
    const end = await interruptedBy('SIGINT', (signal) =>
      followRun(
        client,
        runId,
        {
          onSnapshot: () => undefined,
          onOutage: ({ code, message }) => {
            console.say(`${code}: ${message} Trying again.`);
          },
        },
        signal,
      ),
    );
    return end === null ? tellDetached(runId, console) : tellEnd(end, console);
  });
}
