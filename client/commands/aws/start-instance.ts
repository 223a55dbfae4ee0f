import type { Command } from 'commander';
import { readInstance } from '../../instances/instance-client';
import { toInstanceDocument } from '../../instances/instance-document';
import { action, type CommandContext, type Invocation } from '../command-context';
import { withCloud } from '../with-cloud';
import { requireInstanceId } from './instance-arguments';

interface StartOptions {
  readonly wait?: boolean;
}

const help = `
Boots a stopped instance again from its volumes. It needs no Temporal server.
  keeps   its id, volumes, tags and private address; it gets a new public address
  costs   every second again, one minute at least
It does not resume a training: \`runctl aws train INSTANCE_ID SCRIPT\` starts one.`;

export function addStartInstanceCommand(group: Command, context: CommandContext): void {
  group
    .command('start-instance')
    .alias('start')
    .description('start a stopped instance of your own')
    .argument('<instance-id>')
    .option('--wait', 'return once it can train: it runs, and its SSM agent answers')
    .addHelpText('after', help)
    .action(action(context, startInstance));
}

async function startInstance(
  invocation: Invocation<StartOptions>,
  instanceId: string,
): Promise<undefined> {
  const { console, options } = invocation;
  requireInstanceId(instanceId);
  await withCloud(invocation, async (access) => {
    const before = await readInstance(access, instanceId);
    const view = await access.ask(async ({ calls, cloud }) => {
      // EC2 starts no instance that is still on its way down.
      if (before.state === 'stopping' && options.wait === true) {
        console.say(`${instanceId} is stopping; waiting until it is off.`);
        await calls.awaitState(cloud, instanceId, ['stopped']);
      }
      await calls.startInstance(cloud, instanceId);
      return options.wait === true
        ? calls.awaitReady(cloud, instanceId)
        : calls.awaitState(cloud, instanceId, ['pending', 'running']);
    });
    const text =
      before.state === 'running'
        ? `${instanceId} runs already.`
        : `${instanceId} is ${view.state}.`;
    console.data(toInstanceDocument(view), text);
    console.say(`Train on it: runctl aws train ${instanceId} SCRIPT`);
  });
}
