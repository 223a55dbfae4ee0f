import type { Command } from 'commander';
import { action, type CommandContext, type Invocation } from './command-context';
import { change } from './local-admin';
import { ArgumentProblems } from './parse-options';

interface FaultOptions {
  readonly count?: string;
  readonly instanceType?: string;
  readonly zone?: string;
  readonly purchase?: string;
  readonly status?: string;
  readonly code?: string;
}

/** `runctl local fault …`: docs/local-cloud-protocol.md says what each does. */
export function addFaultCommands(group: Command, context: CommandContext): void {
  const faults = group.command('fault').description('make the local cloud misbehave');
  const count = '--count <n>';
  const times = 'how many times; until removed otherwise';
  faults
    .command('capacity-shortage')
    .description('pools have no capacity')
    .option('--instance-type <type>', 'only this type')
    .option('--zone <zone>', 'only this zone')
    .option('--purchase <option>', 'only spot, or only on-demand')
    .option(count, times)
    .action(
      action(context, (invocation: Invocation<FaultOptions>) =>
        addFault(invocation, { kind: 'capacity-shortage' }),
      ),
    );
  faults
    .command('lost-reply')
    .description('a call takes effect, its answer does not arrive')
    .argument('<operation>', 'such as CreateFleet')
    .option(count, times, '1')
    .action(
      action(context, (invocation: Invocation<FaultOptions>, operation: string) =>
        addFault(invocation, { kind: 'lost-reply', operation }),
      ),
    );
  faults
    .command('throttle')
    .description('calls are throttled')
    .argument('<operation>', 'such as DescribeInstances, or * for all')
    .option(count, times, '5')
    .action(
      action(context, (invocation: Invocation<FaultOptions>, operation: string) =>
        addFault(invocation, { kind: 'throttle', operation }),
      ),
    );
  faults
    .command('error')
    .description('calls fail')
    .argument('<operation>', 'such as PutObject')
    .option('--status <n>', 'HTTP status', '500')
    .option('--code <code>', "AWS's error code", 'InternalError')
    .option(count, times, '1')
    .action(
      action(context, (invocation: Invocation<FaultOptions>, operation: string) =>
        addFault(invocation, { kind: 'error', operation }),
      ),
    );
  faults
    .command('slow-boot')
    .description('the next instances take long to boot')
    .argument('<seconds>')
    .option(count, times, '1')
    .action(action(context, slowBoot));
  faults
    .command('clear')
    .description('remove all faults')
    .action(
      action(context, (invocation: Invocation<object>) =>
        change(invocation, 'All faults are removed.', (admin) => admin.removeFaults()),
      ),
    );
}

function slowBoot(invocation: Invocation<FaultOptions>, text: string): Promise<undefined> {
  const problems = new ArgumentProblems();
  const seconds = problems.number('seconds', text, { min: 0, max: 3_600 }, 0);
  problems.throwIfAny();
  return addFault(invocation, { kind: 'slow-boot', seconds });
}

async function addFault(
  invocation: Invocation<FaultOptions>,
  fault: Readonly<Record<string, unknown>>,
): Promise<undefined> {
  const { options } = invocation;
  const problems = new ArgumentProblems();
  const complete = {
    ...fault,
    instanceType: options.instanceType,
    zone: options.zone,
    purchase: options.purchase,
    code: options.code,
    status: problems.number('--status', options.status, { min: 400, max: 599 }, undefined),
    count: problems.number('--count', options.count, { min: 1 }, undefined),
  };
  problems.throwIfAny();
  const said = JSON.stringify(complete);
  return change(invocation, `Fault added: ${said}`, (admin) => admin.addFault(complete));
}
