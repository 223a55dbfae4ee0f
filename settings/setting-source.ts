import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { alertSection } from './alert-keys';
import { earlierKeys, earlierVariables, type EarlierKey } from './earlier-keys';
import { settingKeys, type SettingName } from './setting-keys';
import { lineOfKey } from './toml-lines';

/** Values as somebody wrote them, not checked yet, each with the place to name in a message. */
export interface SettingSource {
  readonly entries: ReadonlyMap<SettingName, RawSetting>;
  /** Keys that are no settings, as sentences. */
  readonly warnings: readonly string[];
  /** Keys of the earlier runctl that mean nothing any more, with what to do instead, as sentences. */
  readonly notes: readonly string[];
  /** A file that cannot be read as TOML, as sentences. */
  readonly problems: readonly string[];
}

interface RawSetting {
  readonly value: unknown;
  readonly origin: SettingOrigin;
  /** `.runctl.toml:3`, `RUNCTL_BUCKET`, `--cloud`. */
  readonly place: string;
  /** The key as it is written there, where that is not the setting's name. */
  readonly writtenAs?: string;
}

/** Who said it: now (a flag, the environment) or at some time before (a file). */
export type SettingOrigin = 'flag' | 'environment' | 'file';

const settingNames = Object.keys(settingKeys) as SettingName[]; // Object.keys forgets the key type.

/** The sections of a file, and what their keys mean. */
export const sectionKeys: Readonly<Record<string, Readonly<Record<string, EarlierKey>>>> = {
  ...earlierKeys,
  alerts: alertSection,
};

/** Reads a TOML file; a file that is not there is an empty source. */
export function readSettingsFile(file: string, shownAs: string): SettingSource {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return emptySource();
    return emptySource(`${shownAs}: ${String(error)}`);
  }
  return parseSettings(content, shownAs);
}

function emptySource(...problems: string[]): SettingSource {
  return { entries: new Map(), warnings: [], notes: [], problems };
}

function parseSettings(content: string, shownAs: string): SettingSource {
  let table: Record<string, unknown>;
  try {
    table = parse(content);
  } catch (error) {
    const place = error instanceof TomlError ? `${shownAs}:${error.line}` : shownAs;
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    return emptySource(`${place}: ${reason}`);
  }
  const entries = new Map<SettingName, RawSetting>();
  const warnings: string[] = [];
  const gone: GoneKey[] = [];
  for (const { section, key, value } of listKeys(table)) {
    const place = `${shownAs}:${lineOfKey(content, section, key)}`;
    const written = section === null ? key : `${section}.${key}`;
    const meaning = meaningOf(section, key);
    const said = meaning?.kind === 'setting' ? entries.get(meaning.name) : undefined;
    if (meaning === null) {
      warnings.push(
        `${place}: unknown key "${written}"; known are ${knownBeside(section).join(', ')}`,
      );
    } else if (meaning.kind === 'gone') {
      gone.push({ place, written, instead: meaning.instead });
    } else if (said !== undefined) {
      warnings.push(`${place}: "${written}" is said already at ${said.place}, and that counts`);
    } else {
      const { name, read = (same: unknown) => same } = meaning;
      entries.set(name, { value: read(value), origin: 'file', place, writtenAs: written });
    }
  }
  return { entries, warnings, notes: toNotes(gone), problems: [] };
}

/** The keys of the same section; those of `[alerts]` are known under longer names at the top. */
function knownBeside(section: string | null): string[] {
  const alerts = Object.keys(alertSection);
  if (section === 'alerts') return alerts;
  return settingNames.filter((name) => !alerts.some((key) => name === `alert_${key}`));
}

interface GoneKey {
  readonly place: string;
  readonly written: string;
  readonly instead: string;
}

/** One note for all keys that are replaced in the same way, at the place of the first. */
function toNotes(gone: readonly GoneKey[]): string[] {
  return [...new Set(gone.map(({ instead }) => instead))].map((instead) => {
    const same = gone.filter((one) => one.instead === instead);
    const names = same.map(({ written }) => written).join(', ');
    const verb = same.length === 1 ? 'means' : 'mean';
    return `${same[0]?.place ?? ''}: ${names} ${verb} nothing any more: ${instead}`;
  });
}

interface WrittenKey {
  /** Null at the top of the file. */
  readonly section: string | null;
  readonly key: string;
  readonly value: unknown;
}

/** Every key of a file with its section; a section that nobody knows counts as a key of its own. */
export function listKeys(table: Readonly<Record<string, unknown>>): WrittenKey[] {
  return Object.entries(table).flatMap(([key, value]): WrittenKey[] =>
    Object.hasOwn(sectionKeys, key) && isTable(value)
      ? Object.entries(value).map(([inner, found]) => ({ section: key, key: inner, value: found }))
      : [{ section: null, key, value }],
  );
}

/**
 * What a key means, which may stand at the top or, as a setting or under its earlier name, in a section; null when
 * nobody knows it.
 */
export function meaningOf(section: string | null, key: string): EarlierKey | null {
  const earlier = sectionKeys[section ?? 'aws'];
  if (earlier !== undefined && Object.hasOwn(earlier, key)) return earlier[key] ?? null;
  const isPlaceOfSettings = section === null || section === 'aws';
  return isPlaceOfSettings && isSettingName(key) ? { kind: 'setting', name: key } : null;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
  const notes = Object.entries(earlierVariables)
    .filter(([variable]) => environment[variable] !== undefined)
    .map(([variable, instead]) => `${variable} means nothing any more: ${instead}`);
  return { entries, warnings: [], notes, problems: [] };
}

/** The value that a text stands for: as an environment variable, or on the command line. */
export function parseVariable(text: string, kind: 'text' | 'list' | 'number' | 'flag'): unknown {
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
    case 'flag':
      if (text === 'true' || text === '1') return true;
      return text === 'false' || text === '0' ? false : text;
  }
}

function isSettingName(key: string): key is SettingName {
  return Object.hasOwn(settingKeys, key);
}

function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
