import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { z } from 'zod';
import { exitCodesText } from '../domain/exit-codes';
import { addAwsCommands } from './commands/aws';
import type { CommandContext } from './commands/command-context';
import { addConfigCommands } from './commands/config';
import { addDemoCommand } from './commands/demo';
import { addDoctorCommand } from './commands/doctor';
import { addDownCommand } from './commands/down';
import { addEnvCommand } from './commands/env';
import { addInitCommand } from './commands/init';
import { addLocalCommands } from './commands/local';
import { addResourcesCommands } from './commands/resources';
import { addUpCommand } from './commands/up';
import { addWorkerCommand } from './commands/worker';
import { inPackage } from './package-root';

/** The whole command line. Errors of parsing are thrown, never printed or exited on: `main.ts` tells them. */
export function buildProgram(context: CommandContext): Command {
  const program = new Command('runctl')
    .description('Runs a training script on EC2 Spot as if the capacity were never taken away.')
    .version(readVersion(), '--version')
    .addOption(
      new Option('--output <format>', 'text for people, json for one document on stdout')
        .choices(['text', 'json'])
        .default('text'),
    )
    .addOption(new Option('--cloud <cloud>', 'which cloud to talk to').choices(['local', 'aws']))
    .option('-c, --config <path>', 'settings file that takes the place of the nearest .runctl.toml')
    .option('-v, --verbose', 'say which settings hold and why; print the stack trace of an error')
    .option('--debug', 'print the stack trace of an error')
    .helpCommand(false)
    .showHelpAfterError(false)
    .exitOverride()
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', '\nrunctl help exit-codes: what a script can rely on.');
  addUpCommand(program, context);
  addDownCommand(program, context);
  addAwsCommands(program, context);
  addResourcesCommands(program, context);
  addLocalCommands(program, context);
  addDemoCommand(program, context);
  addDoctorCommand(program, context);
  addConfigCommands(program, context);
  addInitCommand(program, context);
  addEnvCommand(program, context);
  addWorkerCommand(program, context);
  addHelpCommand(program);
  inheritErrorHandling(program);
  return program;
}

function addHelpCommand(program: Command): void {
  program
    .command('help')
    .argument('[topic]', 'a command, or exit-codes')
    .description('show help for a command or topic')
    .action((topic: string | undefined) => {
      if (topic === 'exit-codes') process.stdout.write(`${exitCodesText()}\n`);
      else (program.commands.find((command) => command.name() === topic) ?? program).outputHelp();
    });
}

/** commander copies these settings only to commands that are made after them by `command()`; groups are made alone. */
function inheritErrorHandling(parent: Command): void {
  for (const command of parent.commands) {
    command.copyInheritedSettings(parent);
    inheritErrorHandling(command);
  }
}

function readVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(inPackage('package.json'), 'utf8'));
  return z.object({ version: z.string() }).parse(manifest).version;
}
