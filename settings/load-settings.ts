import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { Failure } from '../domain/failure';
import { findUpwards } from './find-upwards';
import { settingKeys, type SettingName, type SettingValues } from './setting-keys';
import {
  readSettingsEnvironment,
  readSettingsFile,
  type SettingOrigin,
  type SettingSource,
} from './setting-source';

interface SettingPlace {
  readonly origin: SettingOrigin;
  readonly place: string;
}

export interface LoadedSettings {
  readonly values: SettingValues;
  /** Where each value came from: `.runctl.toml:3`, `RUNCTL_BUCKET`, `--region`. */
  readonly places: Readonly<Partial<Record<SettingName, SettingPlace>>>;
  /** The settings files that were read, the one that wins first. */
  readonly files: readonly string[];
  /** Keys nobody knows, as sentences for people. */
  readonly warnings: readonly string[];
  /** Keys of the earlier runctl that mean nothing any more, with what to do instead, as sentences for people. */
  readonly notes: readonly string[];
  /** The folder of the nearest `.runctl.toml`; null when there is none. */
  readonly projectFolder: string | null;
}

export const projectFileName = '.runctl.toml';

/** Names a file that takes the place of the nearest `.runctl.toml`; the option `--config` sets it. */
export const settingsFileVariable = 'RUNCTL_CONFIG';

/**
 * Reads all settings: flags over environment over the nearest `.runctl.toml` (or the file that RUNCTL_CONFIG names) over
 * the user's own file.
 *
 * @throws invalid-input  Names every value that is not usable, with its place.
 */
export function loadSettings(options: {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly flags?: Readonly<Partial<Record<SettingName, unknown>>>;
}): LoadedSettings {
  const { folder, environment } = options;
  const projectFile = findUpwards(folder, projectFileName);
  const file = namedSettingsFile(folder, environment) ?? projectFile;
  const userFile = userSettingsFile(environment, process.platform);
  const sources: SettingSource[] = [
    flagSource(options.flags ?? {}),
    readSettingsEnvironment(environment),
    ...(file === null ? [] : [readSettingsFile(file, shownPath(folder, file))]),
    ...(file === userFile ? [] : [readSettingsFile(userFile, userFile)]),
  ];
  const merged = mergeSources(sources);
  return {
    ...merged,
    files: [...new Set([file, userFile])].filter((one) => one !== null).filter(existsSync),
    warnings: sources.flatMap((source) => source.warnings),
    notes: sources.flatMap((source) => source.notes),
    projectFolder: projectFile === null ? null : path.dirname(projectFile),
  };
}

/** Where each setting was said, for people. */
export function placeTexts({ places }: LoadedSettings): Partial<Record<SettingName, string>> {
  return Object.fromEntries(Object.entries(places).map(([name, { place }]) => [name, place]));
}

/** What a file says of the user's real account; the local cloud has none of it. */
const accountSettings: readonly SettingName[] = [
  'region',
  'bucket',
  'instance_profile',
  'ami',
  'ami_parameter',
  'subnets',
  'security_groups',
  'zones',
];

/** The settings that hold for the local cloud: without what files say of a real account. */
export function settingsForLocalCloud({ values, places }: LoadedSettings): SettingValues {
  const isOfAccount = (name: string): boolean =>
    accountSettings.some((known) => known === name && places[known]?.origin === 'file');
  return Object.fromEntries(Object.entries(values).filter(([name]) => !isOfAccount(name)));
}

/**
 * The file that the user named; null when none was.
 *
 * @throws invalid-input  It is not there.
 */
export function namedSettingsFile(folder: string, environment: NodeJS.ProcessEnv): string | null {
  const named = environment[settingsFileVariable] ?? '';
  if (named === '') return null;
  const file = path.resolve(folder, named);
  if (existsSync(file)) return file;
  throw new Failure('invalid-input', `there is no settings file ${file}.`, {
    why: `--config, or ${settingsFileVariable}, names it.`,
    next: `Correct the path, or make the file: runctl init --config-path ${file}`,
  });
}

/**
 * The user's own file: `$XDG_CONFIG_HOME/runctl/config.toml`, by default under `~/.config`. On macOS also the place where
 * the earlier runctl had it, when there is none under `~/.config`.
 */
export function userSettingsFile(
  environment: NodeJS.ProcessEnv,
  platform: NodeJS.Platform,
): string {
  const home = environment['HOME'] ?? homedir();
  const configHome = environment['XDG_CONFIG_HOME'] ?? '';
  const fileIn = (folder: string): string => path.join(folder, 'runctl', 'config.toml');
  const file = fileIn(configHome === '' ? path.join(home, '.config') : configHome);
  const earlier = fileIn(path.join(home, 'Library', 'Application Support'));
  return platform === 'darwin' && !existsSync(file) && existsSync(earlier) ? earlier : file;
}

function mergeSources(sources: readonly SettingSource[]): {
  values: SettingValues;
  places: Partial<Record<SettingName, SettingPlace>>;
} {
  const problems = sources.flatMap((source) => [...source.problems]);
  const values: Record<string, unknown> = {};
  const places: Partial<Record<SettingName, SettingPlace>> = {};
  for (const source of sources) {
    for (const [name, { value, origin, place, writtenAs = name }] of source.entries) {
      const parsed = settingKeys[name].schema.safeParse(value);
      if (!parsed.success) {
        const expected = parsed.error.issues[0]?.message ?? 'not usable';
        problems.push(`${place} ${writtenAs}: ${expected}, got ${JSON.stringify(value)}`);
      } else if (!(name in values)) {
        values[name] = parsed.data;
        places[name] = { origin, place };
      }
    }
  }
  if (problems.length > 0) {
    throw new Failure('invalid-input', problems.join('\n'), {
      why: 'A setting cannot be used as written.',
      next: 'Correct the settings named.',
    });
  }
  // Each value was parsed by the schema of its key just above; the loop loses that connection.
  return { values: values, places };
}

function flagSource(flags: Readonly<Partial<Record<SettingName, unknown>>>): SettingSource {
  const entries = Object.entries(flags)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        [
          name as SettingName, // Object.entries forgets the key type.
          { value, origin: 'flag' as const, place: `--${name.replaceAll('_', '-')}` },
        ] as const,
    );
  return { entries: new Map(entries), warnings: [], notes: [], problems: [] };
}

function shownPath(folder: string, file: string): string {
  const relative = path.relative(folder, file);
  return relative === '' ? file : relative;
}
