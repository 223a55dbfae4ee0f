import type { Command } from 'commander';
import { protectingTagKeys } from '../../../domain/ids';
import { readInstance } from '../../instances/instance-client';
import { toInstanceDocument } from '../../instances/instance-document';
import { action, type CommandContext, type Invocation } from '../command-context';
import { withClient } from '../with-client';
import { requireInstanceId } from './instance-arguments';

interface TerminateOptions {
  readonly force?: boolean;
  readonly yes?: boolean;
}

const help = `
Ends an instance for good (EC2 TerminateInstances). It never asks: without --yes it only says what would be done.
  keeps   what is in S3 (checkpoints, logs), and volumes that were attached later
  loses   the instance, its root volume, and all that is on it
  costs   nothing more
Refuses while a training runs there: \`runctl aws stop INSTANCE_ID\` ends that first, and --force does so for you.
Refuses always where one of the tags ${protectingTagKeys.join(', ')} is "true".`;

export function addTerminateCommand(group: Command, context: CommandContext): void {
  group
    .command('terminate')
    .aliases(['destroy', 'rm', 'delete'])
    .description('end an instance and its root volume for good')
    .argument('<instance-id>')
    .option('--yes', 'do it; without this it only says what would be done')
    .option('--force', 'save and stop a training that runs there first')
    .addHelpText('after', help)
    .action(action(context, terminate));
}

async function terminate(
  invocation: Invocation<TerminateOptions>,
  instanceId: string,
): Promise<undefined> {
  const { console, options } = invocation;
  requireInstanceId(instanceId);
  await withClient(invocation, async ({ instances, cloud }) => {
    const { force = false, yes = false } = options;
    await instances.terminate(instanceId, { force, isConfirmed: yes });
    const view = await readInstance(cloud, instanceId);
    console.data(toInstanceDocument(view), `${instanceId} is ${view.state}.`);
  });
}
