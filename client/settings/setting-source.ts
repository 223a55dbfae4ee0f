import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { settingKeys, type SettingName } from './setting-keys';

/** Values as somebody wrote them, not checked yet, each with the place to name in a message. */
export interface SettingSource {
  readonly entries: ReadonlyMap<SettingName, RawSetting>;
  /** Keys that are no settings, as sentences. */
  readonly warnings: readonly string[];
  /** A file that cannot be read as TOML, as sentences. */
  readonly problems: readonly string[];
}

interface RawSetting {
  readonly value: unknown;
  readonly origin: SettingOrigin;
  /** `.runctl.toml:3`, `RUNCTL_BUCKET`, `--cloud`. */
  readonly place: string;
}

/** Who said it: now (a flag, the environment) or at some time before (a file). */
export type SettingOrigin = 'flag' | 'environment' | 'file';

const settingNames = Object.keys(settingKeys) as SettingName[]; // Object.keys forgets the key type.

/** As the `.runctl.toml` of the earlier runctl spells them. */
const earlierNames: Readonly<Partial<Record<string, SettingName>>> = {
  s3_bucket: 'bucket',
  iam_instance_profile: 'instance_profile',
  default_ami: 'ami',
};

/** Reads a TOML file; a file that is not there is an empty source. */
export function readSettingsFile(file: string, shownAs: string): SettingSource {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return { entries: new Map(), warnings: [], problems: [] };
    return { entries: new Map(), warnings: [], problems: [`${shownAs}: ${String(error)}`] };
  }
  return parseSettings(content, shownAs);
}

function parseSettings(content: string, shownAs: string): SettingSource {
  let table: Record<string, unknown>;
  try {
    table = parse(content);
  } catch (error) {
    const place = error instanceof TomlError ? `${shownAs}:${error.line}` : shownAs;
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return { entries: new Map(), warnings: [], problems: [`${place}: ${reason}`] };
  }
  const entries = new Map<SettingName, RawSetting>();
  const warnings: string[] = [];
  for (const [key, value] of flatten(table)) {
    const place = `${shownAs}:${lineOf(content, key)}`;
    const name = earlierNames[key] ?? key;
    if (isSettingName(name)) entries.set(name, { value, origin: 'file', place });
    else warnings.push(`${place}: unknown key "${key}"; known are ${settingNames.join(', ')}`);
  }
  return { entries, warnings, problems: [] };
}

/** Keys may stand at the top or under `[aws]`: both read well, and none is in both. */
function flatten(table: Readonly<Record<string, unknown>>): [key: string, value: unknown][] {
  return Object.entries(table).flatMap(([key, value]) =>
    key === 'aws' && typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value)
      : [[key, value] as [string, unknown]],
  );
}

/** Reads the environment variables that {@link settingKeys} names; an empty variable counts as not set. */
export function readSettingsEnvironment(environment: NodeJS.ProcessEnv): SettingSource {
  const entries = new Map<SettingName, RawSetting>();
  for (const name of settingNames) {
    const { environment: variables, kind } = settingKeys[name];
    const variable = variables.find((candidate) => (environment[candidate] ?? '') !== '');
    if (variable === undefined) continue;
    const value = parseVariable(environment[variable] ?? '', kind);
    entries.set(name, { value, origin: 'environment', place: variable });
  }
  return { entries, warnings: [], problems: [] };
}

function parseVariable(text: string, kind: 'text' | 'list' | 'number'): unknown {
  switch (kind) {
    case 'text':
      return text;
    case 'list':
      return text.split(',').map((item) => item.trim());
    case 'number': {
      const value = Number(text);
      // Keeps the text, so that the message shows what was written.
      return Number.isNaN(value) ? text : value;
    }
  }
}

function lineOf(content: string, key: string): number {
  const escaped = key.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
  const pattern = new RegExp(`^\\s*\\[?\\s*["']?${escaped}["']?\\s*[\\].=]`);
  return content.split('\n').findIndex((line) => pattern.test(line)) + 1 || 1;
}

function isSettingName(key: string): key is SettingName {
  return Object.hasOwn(settingKeys, key);
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
