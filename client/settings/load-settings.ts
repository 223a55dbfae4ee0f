import { homedir } from 'node:os';
import path from 'node:path';
import { Failure } from '../../domain/failure';
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
  /** Keys nobody knows, as sentences for people. */
  readonly warnings: readonly string[];
  /** The folder of the nearest `.runctl.toml`; null when there is none. */
  readonly projectFolder: string | null;
}

const projectFileName = '.runctl.toml';

/**
 * Reads all settings: flags over environment over the nearest `.runctl.toml` over the user's
 * `$XDG_CONFIG_HOME/runctl/config.toml`.
 *
 * @throws invalid-input  Names every value that is not usable, with its place.
 */
export function loadSettings(options: {
  readonly folder: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly flags?: Readonly<Partial<Record<SettingName, unknown>>>;
}): LoadedSettings {
  const projectFile = findUpwards(options.folder, projectFileName);
  const userFile = userSettingsFile(options.environment);
  const sources: SettingSource[] = [
    flagSource(options.flags ?? {}),
    readSettingsEnvironment(options.environment),
    ...(projectFile === null
      ? []
      : [readSettingsFile(projectFile, shownPath(options.folder, projectFile))]),
    readSettingsFile(userFile, userFile),
  ];
  const merged = mergeSources(sources);
  return {
    ...merged,
    warnings: sources.flatMap((source) => source.warnings),
    projectFolder: projectFile === null ? null : path.dirname(projectFile),
  };
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

/** The user's own file: `$XDG_CONFIG_HOME/runctl/config.toml`, by default under `~/.config`. */
function userSettingsFile(environment: NodeJS.ProcessEnv): string {
  const home = environment['HOME'] ?? homedir();
  const configHome = environment['XDG_CONFIG_HOME'] ?? '';
  return path.join(
    configHome === '' ? path.join(home, '.config') : configHome,
    'runctl',
    'config.toml',
  );
}

function mergeSources(sources: readonly SettingSource[]): {
  values: SettingValues;
  places: Partial<Record<SettingName, SettingPlace>>;
} {
  const problems = sources.flatMap((source) => [...source.problems]);
  const values: Record<string, unknown> = {};
  const places: Partial<Record<SettingName, SettingPlace>> = {};
  for (const source of sources) {
    for (const [name, { value, origin, place }] of source.entries) {
      const parsed = settingKeys[name].schema.safeParse(value);
      if (!parsed.success) {
        const expected = parsed.error.issues[0]?.message ?? 'not usable';
        problems.push(`${place} ${name}: ${expected}, got ${JSON.stringify(value)}`);
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
  return { entries: new Map(entries), warnings: [], problems: [] };
}

function shownPath(folder: string, file: string): string {
  const relative = path.relative(folder, file);
  return relative === '' ? file : relative;
}
