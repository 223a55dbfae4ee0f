import type { Command } from 'commander';
import { decideAlerts, defaultThresholds, formatAlert } from '../../../domain/alerts';
import { formatUsd } from '../../../domain/format';
import { requireCloudSettings } from '../../../settings/cloud-settings';
import { instanceBounds } from '../../../settings/instance-bounds';
import { createInstance } from '../../instances/instance-client';
import { toInstanceDocument } from '../../instances/instance-document';
import type { Console } from '../../output/console';
import { generateRunId } from '../../runs/run-name';
import { action, type CommandContext, type Invocation } from '../command-context';
import { ArgumentProblems } from '../parse-options';
import { withCloud } from '../with-cloud';
import { checkInstanceName, checkInstanceType } from './instance-arguments';

interface CreateOptions {
  readonly spot?: boolean;
  readonly name?: string;
  readonly zone?: string;
  readonly wait?: boolean;
}

const help = `
Launches an instance of your own, to train on with \`runctl aws train INSTANCE_ID SCRIPT\`. It needs no Temporal server.
  keeps   it runs until you end it: no run gives it back, and nothing cleans it up for you
  costs   every second until \`runctl aws stop-instance\` or \`terminate\`; the price per hour is told
A Spot instance is cheaper, can be taken back at two minutes' notice, and cannot be stopped, only terminated.
To have capacity looked for and replaced, let \`train\` launch it: --instance-type.`;

export function addCreateCommand(group: Command, context: CommandContext): void {
  group
    .command('create')
    .aliases(['new', 'spawn'])
    .description('launch an instance of your own')
    .argument('<instance-type>', 'such as g5.xlarge')
    .option('--spot', 'Spot capacity instead of On-Demand')
    .option('--name <name>', 'its Name tag; generated otherwise')
    .option('--zone <zone>', 'its Availability Zone; any otherwise')
    .option('--wait', 'return once it can train: it runs, and its SSM agent answers')
    .addHelpText('after', help)
    .action(action(context, create));
}

async function create(
  invocation: Invocation<CreateOptions>,
  instanceType: string,
): Promise<undefined> {
  const { console, options } = invocation;
  const problems = new ArgumentProblems();
  checkInstanceType(problems, instanceType);
  const name = options.name ?? generateRunId('own', new Date());
  checkInstanceName(problems, name);
  problems.throwIfAny();
  await withCloud(invocation, async (cloud, { settings }) => {
    // An instance without a profile reaches neither SSM nor the bucket: nothing could be trained on it.
    requireCloudSettings(settings, 'worker');
    const purchase = options.spot === true ? 'spot' : 'on-demand';
    const zones = options.zone === undefined ? (settings.zones ?? []) : [options.zone];
    const bounds = instanceBounds(settings);
    const request = { instanceType, purchase, zones, name } as const;
    const launched = await createInstance(cloud, request, bounds.maxInstances);
    warnOfCount(console, launched.instanceCount, bounds.instanceCount);
    const { instanceId } = launched.view;
    const { pricePerHourUsd } = launched.prices;
    const price = pricePerHourUsd === null ? '' : `, ${formatUsd(pricePerHourUsd)} per hour`;
    const { zone } = launched.view;
    console.say(`Launched ${instanceId} (${instanceType}, ${zone}, ${purchase}${price}).`);
    console.say('It is yours: it runs, and costs, until you end it.');
    const view =
      options.wait === true
        ? await cloud.ask(({ calls, cloud: aws }) => calls.awaitReady(aws, instanceId))
        : launched.view;
    console.data({ ...toInstanceDocument(view), name, pricePerHourUsd }, instanceId);
    console.say(`Train on it: runctl aws train ${instanceId} SCRIPT`);
    console.say(`End it:      runctl aws terminate ${instanceId} --yes`);
  });
}

/** Beside the worker's own warnings, since this needs no worker. */
function warnOfCount(console: Console, count: number, instanceCount: number | null): void {
  const observed = { kind: 'account', pricePerHourUsd: null, instanceCount: count } as const;
  const { raised } = decideAlerts(observed, { ...defaultThresholds, instanceCount }, []);
  for (const alert of raised) console.say(`warning: ${formatAlert(alert, null)}`);
}
