import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { Failure } from '../../domain/failure';
import { projectFileName } from '../../settings/load-settings';
import { settingsTemplate } from '../../settings/settings-template';
import { action, type CommandContext, type Invocation } from './command-context';

interface InitOptions {
  readonly configPath: string;
}

export function addInitCommand(program: Command, context: CommandContext): void {
  program
    .command('init')
    .description('write a settings file that names every setting, all of them as comments')
    .option('--config-path <path>', 'where to', projectFileName)
    .action(action(context, init));
}

function init({ context, options, console }: Invocation<InitOptions>): Promise<undefined> {
  const file = path.resolve(context.folder, options.configPath);
  if (existsSync(file)) {
    throw new Failure('invalid-input', `there is a ${file} already.`, {
      next: '`runctl config validate` checks it, `runctl config set KEY VALUE` changes it.',
    });
  }
  mkdirSync(path.dirname(file), { recursive: true });
  // Exclusive: whoever was faster keeps what they wrote.
  writeFileSync(file, settingsTemplate, { flag: 'wx' });
  console.data({ file }, `Wrote ${file}.`);
  console.say('Set what you need: runctl config set bucket my-runs');
  return Promise.resolve(undefined);
}
