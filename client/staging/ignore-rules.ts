import { readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import ignore, { type Ignore } from 'ignore';
import { isOwnName } from './own-folders';

/**
 * The files of a folder, without git: the `.gitignore` of each folder counts for what lies below it, and so does
 * `.git/info/exclude`. What git tracks although a rule names it, and rules in git's configuration, are not seen.
 */
export async function listByIgnoreRules(root: string): Promise<string[]> {
  const found: string[] = [];
  await walk('', readRules(path.join(root, '.git/info/exclude'), ''));
  return found;

  async function walk(folder: string, above: readonly string[]): Promise<void> {
    // The last rule that matches decides, so those of the innermost folder come last.
    const all = [...above, ...readRules(path.join(root, folder, '.gitignore'), folder)];
    const rules = makeRules(all);
    for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
      const name = folder + entry.name;
      // Rules that end in "/" match only names that do.
      const tested = entry.isDirectory() ? `${name}/` : name;
      if (isOwnName(entry.name) || rules.ignores(tested)) continue;
      if (entry.isDirectory()) await walk(tested, all);
      else found.push(name);
    }
  }
}

/** Every file below the root that a pattern of `--include` names, with the syntax of `.gitignore`; ignored or not. */
export async function listIncluded(root: string, patterns: readonly string[]): Promise<string[]> {
  if (patterns.length === 0) return [];
  const rules = makeRules(patterns);
  const found: string[] = [];
  await walk('');
  return found;

  async function walk(folder: string): Promise<void> {
    for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
      if (isOwnName(entry.name)) continue;
      const name = folder + entry.name;
      if (entry.isDirectory()) await walk(`${name}/`);
      else if (rules.ignores(name)) found.push(name);
    }
  }
}

/** The rules of a file, as they would be written in the root. */
function readRules(file: string, folder: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // None there, or none that can be read: git, too, takes that for no rules.
    return [];
  }
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return folder === '' ? lines : lines.map((line) => moveRule(line, folder));
}

/** `!*.pt` of `models/` is `!/models/**\/*.pt` of the root. */
function moveRule(line: string, folder: string): string {
  const [, negation = '', pattern = ''] = /^(!?)(.*)$/s.exec(line) ?? [];
  const place = folder.replaceAll(/[\\*?[\]!# ]/g, '\\$&');
  const isAnchored = pattern.slice(0, -1).includes('/');
  return isAnchored
    ? `${negation}/${place}${pattern.replace(/^\//, '')}`
    : `${negation}/${place}**/${pattern}`;
}

// git tells upper from lower case where the file system does.
const makeRules = (lines: readonly string[]): Ignore => ignore({ ignorecase: false }).add(lines);
