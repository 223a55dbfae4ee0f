import {
  existsSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { setInFile } from '../../settings/edit-settings';
import { findUpwards } from '../../settings/find-upwards';
import {
  loadSettings,
  namedSettingsFile,
  placeTexts,
  projectFileName,
  type LoadedSettings,
} from '../../settings/load-settings';
import { settingRows, settingsText } from '../output/settings-text';
import { action, type CommandContext, type Invocation } from './command-context';
import { tellSettings } from './tell-settings';

/** `runctl config …`: what is set, where, and whether it can be used. */
export function addConfigCommands(program: Command, context: CommandContext): void {
  const group = program
    .command('config')
    .description('look at the settings, check and change them');
  group
    .command('show')
    .description('every setting that is set, and where')
    .action(action(context, show));
  group
    .command('validate')
    .description('check the settings files; exit code 2 when they cannot be used')
    .action(action(context, validate));
  group
    .command('set')
    .description('write one setting into the settings file; the rest of the file stays as it is')
    .argument('<key>', 'a setting, or its name in the earlier runctl, such as aws.region')
    .argument('<value>', 'its value; a list is comma-separated')
    .action(action(context, set));
}

function show(invocation: Invocation<object>): Promise<undefined> {
  const { console } = invocation;
  const loaded = load(invocation);
  tellSettings(console, loaded);
  const rows = settingRows(loaded.values, placeTexts(loaded));
  const settings = Object.fromEntries(
    rows.map(({ name, value, place }) => [name, { value, place }]),
  );
  console.data(
    { settings, files: loaded.files, warnings: loaded.warnings, notes: loaded.notes },
    rows.length === 0
      ? 'Nothing is set; `runctl init` makes a file to write settings into.'
      : settingsText(rows),
  );
  return Promise.resolve(undefined);
}

function validate(invocation: Invocation<object>): Promise<undefined> {
  const { console } = invocation;
  const loaded = load(invocation);
  tellSettings(console, loaded);
  const { files, warnings, notes } = loaded;
  const text =
    files.length === 0
      ? 'There is no settings file; nothing to check.'
      : `Usable: ${files.join(', ')}`;
  console.data({ files, warnings, notes }, text);
  return Promise.resolve(undefined);
}

function set(
  { context, console }: Invocation<object>,
  key: string,
  value: string,
): Promise<undefined> {
  const { folder, environment } = context;
  const file =
    namedSettingsFile(folder, environment) ??
    findUpwards(folder, projectFileName) ??
    path.join(folder, projectFileName);
  const before = existsSync(file) ? readFileSync(file, 'utf8') : '';
  replaceFile(file, setInFile(before, key, value));
  console.data({ file, key, value }, `Wrote ${key} into ${file}.`);
  return Promise.resolve(undefined);
}

/** Whole or not at all; a link stays one, and the file keeps its mode. */
function replaceFile(file: string, content: string): void {
  const isThere = existsSync(file);
  const target = isThere ? realpathSync(file) : file;
  const unfinished = `${target}.${process.pid}.tmp`;
  writeFileSync(unfinished, content, isThere ? { mode: statSync(target).mode } : {});
  renameSync(unfinished, target);
}

function load({ context, options }: Invocation<object>): LoadedSettings {
  return loadSettings({ ...context, flags: { cloud: options.cloud } });
}
