import type { Command } from 'commander';
import { runDemo } from '../demo/run-demo';
import { action, type CommandContext, type Invocation } from './command-context';

interface DemoOptions {
  readonly keep?: boolean;
}

export function addDemoCommand(program: Command, context: CommandContext): void {
  program
    .command('demo')
    .description('train on this machine, take two instances away, and prove that nothing is lost')
    .option('--keep', 'leave everything running to look at')
    .action(
      action(context, ({ options, console }: Invocation<DemoOptions>) =>
        runDemo({ environment: context.environment, keepsWorld: options.keep ?? false, console }),
      ),
    );
}
