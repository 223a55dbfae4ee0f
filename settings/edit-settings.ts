import { isDeepStrictEqual } from 'node:util';
import { parse } from 'smol-toml';
import { Failure } from '../domain/failure';
import { settingKeys, type SettingName } from './setting-keys';
import { listKeys, meaningOf, parseVariable, sectionKeys } from './setting-source';
import { findLine, readAssignedKey, readHeader } from './toml-lines';

type Table = Record<string, unknown>;

/**
 * The text of a settings file in which `key` has the value that `text` stands for (a list is comma-separated); everything
 * else, comments too, stays as it is. A setting that the file says under its earlier name keeps that name.
 *
 * @throws invalid-input  The key or the value is not usable, or this place of the file is for a person to edit.
 */
export function setInFile(content: string, key: string, text: string): string {
  const name = settingOf(key);
  const value = readValue(name, text);
  const before = parseFile(content);
  const said = listKeys(before).find((one) => {
    const meaning = meaningOf(one.section, one.key);
    return meaning?.kind === 'setting' && meaning.name === name;
  });
  const section = said?.section ?? null;
  const writtenKey = said?.key ?? name;
  const written = toWrittenForm(section, writtenKey, value);
  const assignment = `${writtenKey} = ${toToml(written)}`;
  const candidates =
    said === undefined
      ? insertions(content, name, assignment)
      : replacements(content, section, writtenKey, toToml(written));
  const after = candidates.find((one) => isOnlyChange(before, one, section, writtenKey, written));
  if (after !== undefined) return after;
  throw new Failure('invalid-input', `${key} is written in a way that only a person can edit.`, {
    next: `Write ${assignment}${section === null ? '' : ` under [${section}]`} into the file yourself.`,
  });
}

function settingOf(key: string): SettingName {
  const dot = key.indexOf('.');
  const [section, inner] = dot === -1 ? [null, key] : [key.slice(0, dot), key.slice(dot + 1)];
  const meaning = section !== null && !(section in sectionKeys) ? null : meaningOf(section, inner);
  if (meaning?.kind === 'setting') return meaning.name;
  throw new Failure(
    'invalid-input',
    meaning === null
      ? `there is no setting "${key}".`
      : `${key} means nothing any more: ${meaning.instead}.`,
    { next: `The settings are ${Object.keys(settingKeys).join(', ')}.` },
  );
}

function readValue(name: SettingName, text: string): unknown {
  const { schema, kind } = settingKeys[name];
  const parsed = schema.safeParse(parseVariable(text, kind));
  if (parsed.success) return parsed.data;
  const expected = parsed.error.issues[0]?.message ?? 'another value';
  throw new Failure('invalid-input', `${name}: ${expected}, got ${JSON.stringify(text)}`);
}

function parseFile(content: string): Table {
  try {
    return parse(content);
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new Failure('invalid-input', `the settings file is no TOML: ${reason}`, {
      next: 'Correct it first; `runctl config validate` names the line.',
    });
  }
}

function toWrittenForm(section: string | null, key: string, value: unknown): unknown {
  const meaning = meaningOf(section, key);
  if (meaning?.kind !== 'setting' || meaning.write === undefined) return value;
  const written = meaning.write(value);
  if (written !== undefined) return written;
  throw new Failure('invalid-input', `${key} has room for one value only.`, {
    next: `Take ${key} out of the file, and set ${meaning.name} then.`,
  });
}

/** Texts, numbers, true and false, lists of them: for these JSON is TOML. */
const toToml = (value: unknown): string =>
  Array.isArray(value) ? `[${value.map(toToml).join(', ')}]` : JSON.stringify(value);

/** None when the value does not stand on one line. */
function replacements(
  content: string,
  section: string | null,
  key: string,
  value: string,
): string[] {
  const lines = content.split('\n');
  const index = findLine(lines, section, key);
  const match = /^(\s*[^=]*=\s*)(.*?)(\s*)$/.exec(lines[index] ?? '');
  if (match === null) return [];
  const [, head = '', rest = '', end = ''] = match;
  return [lines.with(index, `${head}${value}${trailingComment(rest)}${end}`).join('\n')];
}

/** The comment behind a value, with the blanks before it; a `#` inside a text is none. */
function trailingComment(rest: string): string {
  const value = /^(?:"(?:[^"\\]|\\.)*"|'[^']*'|[^"'#])*/.exec(rest)?.[0] ?? '';
  const blanks = /\s*$/.exec(value)?.[0] ?? '';
  const comment = rest.slice(value.length);
  return comment === '' ? '' : `${blanks}${comment}`;
}

/** Behind the comment that shows the key, else behind the last key at the top, else at the very top. */
function insertions(content: string, key: string, assignment: string): string[] {
  const lines = content.split('\n');
  const header = lines.findIndex((line) => readHeader(line) !== null || /^\s*\[\[/.test(line));
  const top = header === -1 ? lines : lines.slice(0, header);
  const shown = top.findIndex((line) => readAssignedKey(line.replace(/^\s*#/, '')) === key);
  const last = top.findLastIndex((line) => readAssignedKey(line) !== null);
  return [...(shown === -1 ? [] : [shown]), last, -1].map((index) =>
    lines.toSpliced(index + 1, 0, assignment).join('\n'),
  );
}

/** What makes editing text safe: the file says the new value, and otherwise what it said before. */
function isOnlyChange(
  before: Table,
  after: string,
  section: string | null,
  key: string,
  value: unknown,
): boolean {
  const inner = section === null ? before : { ...(before[section] as Table) }; // listKeys found a table there
  const expected =
    section === null
      ? { ...before, [key]: value }
      : { ...before, [section]: { ...inner, [key]: value } };
  try {
    return isDeepStrictEqual(plain(parse(after)), plain(expected));
  } catch {
    // No TOML any more: the edit has hit something that it does not understand.
    return false;
  }
}

/** The parser's tables have no prototype; ours do. */
const plain = (table: Table): unknown => JSON.parse(JSON.stringify(table));
