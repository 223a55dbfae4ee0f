import type { Command } from 'commander';
import { readInstance } from '../../instances/instance-client';
import { toInstanceDocument } from '../../instances/instance-document';
import { action, type CommandContext, type Invocation } from '../command-context';
import { withClient } from '../with-client';
import { requireInstanceId } from './instance-arguments';

interface StopInstanceOptions {
  readonly force?: boolean;
  readonly wait?: boolean;
}

const help = `
Turns an instance off (EC2 StopInstances); \`runctl aws start-instance\` turns it on again.
  keeps   its id, tags, private address, and its EBS volumes with all that is on them
  loses   memory, instance store volumes, and its public address
  costs   no compute while it is stopped; volumes go on costing (gp3: about $0.08 per GB and month), and so does an
          Elastic IP address
Refuses while a training runs there: \`runctl aws stop INSTANCE_ID\` ends that first, and --force does so for you.
A Spot instance of a one-time request cannot be stopped, only terminated.`;

export function addStopInstanceCommand(group: Command, context: CommandContext): void {
  group
    .command('stop-instance')
    .description('turn an instance of your own off, and keep its volumes')
    .argument('<instance-id>')
    .option('--force', 'save and stop a training that runs there first')
    .option('--wait', 'return once it is off')
    .addHelpText('after', help)
    .action(action(context, stopInstance));
}

async function stopInstance(
  invocation: Invocation<StopInstanceOptions>,
  instanceId: string,
): Promise<undefined> {
  const { console, options } = invocation;
  requireInstanceId(instanceId);
  await withClient(invocation, async ({ instances, cloud }) => {
    await instances.stop(instanceId, { force: options.force ?? false });
    const view =
      options.wait === true
        ? await cloud.ask(({ calls, cloud: aws }) => calls.awaitState(aws, instanceId, ['stopped']))
        : await readInstance(cloud, instanceId);
    console.data(toInstanceDocument(view), `${instanceId} is ${view.state}; its volumes stay.`);
    console.say(`Turn it on again: runctl aws start-instance ${instanceId}`);
  });
}
