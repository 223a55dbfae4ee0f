import type { Command } from 'commander';
import { Failure } from '../../domain/failure';
import { formatUsd } from '../../domain/format';
import type { LocalCloudStatus } from '../local-cloud/admin-client';
import { formatTable } from '../output/table';
import { action, type CommandContext, type Invocation } from './command-context';
import { change, connectAdmin } from './local-admin';
import { addFaultCommands } from './local-faults';
import { ArgumentProblems } from './parse-options';

/** `runctl local …`: what the outside world does to the local cloud. */
export function addLocalCommands(program: Command, context: CommandContext): void {
  const group = program.command('local').description('look at the local cloud, and disturb it');
  group
    .command('status')
    .description('instances, and the bill so far')
    .action(action(context, status));
  group
    .command('interrupt')
    .description('give an instance a Spot interruption notice; it ends after the seconds')
    .argument('<instance-id>')
    .option('--notice-seconds <n>', 'time between the notice and the end', '120')
    .action(action(context, interrupt));
  group
    .command('kill')
    .description('end an instance without any notice')
    .argument('<instance-id>')
    .action(
      action(context, (invocation: Invocation<object>, id: string) =>
        change(invocation, `${id} was ended without notice.`, (admin) => admin.kill(id)),
      ),
    );
  group
    .command('reboot')
    .description('end all processes of an instance; its boot id changes')
    .argument('<instance-id>')
    .action(
      action(context, (invocation: Invocation<object>, id: string) =>
        change(invocation, `${id} reboots.`, (admin) => admin.reboot(id)),
      ),
    );
  group
    .command('ssm')
    .description('make SSM fall silent on an instance that runs, or answer again')
    .argument('<instance-id>')
    .option('--silent', 'no command is answered')
    .option('--answering', 'commands are answered')
    .action(action(context, ssm));
  group
    .command('terminate-all')
    .description('terminate every instance')
    .action(
      action(context, (invocation: Invocation<object>) =>
        change(invocation, 'All instances are being terminated.', (admin) => admin.terminateAll()),
      ),
    );
  addFaultCommands(group, context);
}

async function status(invocation: Invocation<object>): Promise<undefined> {
  const found = await connectAdmin(invocation).status();
  invocation.console.data(found, statusText(found));
}

function statusText({ instances, billUsd, faults }: LocalCloudStatus): string {
  const rows = instances.map((instance) => [
    instance.instanceId,
    instance.state,
    instance.instanceType,
    instance.zone,
    instance.purchase,
    String(instance.processCount),
    formatUsd(instance.costUsd),
    instance.tags['runctl:run-id'] ?? '-',
  ]);
  const header = ['INSTANCE', 'STATE', 'TYPE', 'ZONE', 'PURCHASE', 'PROCESSES', 'COST', 'RUN'];
  return [
    rows.length === 0 ? 'No instances.' : formatTable(header, rows),
    '',
    `Bill: ${formatUsd(billUsd)}`,
    ...(faults.length === 0 ? [] : [`Faults: ${JSON.stringify(faults)}`]),
  ].join('\n');
}

interface InterruptOptions {
  readonly noticeSeconds: string;
}

async function interrupt(invocation: Invocation<InterruptOptions>, id: string): Promise<undefined> {
  const problems = new ArgumentProblems();
  const bounds = { min: 0, max: 3_600 };
  const seconds = problems.number(
    '--notice-seconds',
    invocation.options.noticeSeconds,
    bounds,
    120,
  );
  problems.throwIfAny();
  return change(invocation, `${id} has its notice; it ends in ${seconds} s.`, (admin) =>
    admin.interrupt(id, seconds),
  );
}

interface SsmOptions {
  readonly silent?: boolean;
  readonly answering?: boolean;
}

async function ssm(invocation: Invocation<SsmOptions>, id: string): Promise<undefined> {
  const { silent = false, answering = false } = invocation.options;
  if (silent === answering) {
    throw new Failure('invalid-input', 'expected one of --silent and --answering.');
  }
  const sentence = silent ? `SSM is silent on ${id}.` : `SSM answers on ${id} again.`;
  return change(invocation, sentence, (admin) => admin.setSsmSilent(id, silent));
}
