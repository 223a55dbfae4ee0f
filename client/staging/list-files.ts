import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import ignore from 'ignore';

/** Never part of the code, whatever the rules say: git's own data and ours. */
const ownFolders = new Set(['.git', '.runctl']);

/**
 * The files of a project in the order of their names, relative, with `/`: what git tracks or would add. Without git, or
 * outside a repository, the `.gitignore` of the root decides. Links are listed as links.
 */
export async function listFiles(root: string): Promise<string[]> {
  const names = (await listWithGit(root)) ?? (await listWithoutGit(root));
  const kept: string[] = [];
  for (const name of names) {
    if (name.split('/').some((part) => ownFolders.has(part))) continue;
    // git also lists what was deleted but not committed, and submodules as folders.
    const stats = await lstat(path.join(root, name)).catch(() => null);
    if (stats !== null && (stats.isFile() || stats.isSymbolicLink())) kept.push(name);
  }
  return [...new Set(kept)].sort(byCodePoint);
}

/** Null when git is not there, or this is no repository. */
async function listWithGit(root: string): Promise<string[] | null> {
  if (!existsSync(path.join(root, '.git'))) return null;
  try {
    const { stdout } = await promisify(execFile)(
      'git',
      ['ls-files', '-z', '--cached', '--others', '--exclude-standard'],
      { cwd: root, maxBuffer: 256 * 1024 * 1024 },
    );
    return stdout.split('\0').filter((name) => name !== '');
  } catch {
    // git is missing, or refuses the repository (another owner): the rules are read by hand.
    return null;
  }
}

async function listWithoutGit(root: string): Promise<string[]> {
  const rules = ignore();
  const rulesFile = path.join(root, '.gitignore');
  if (existsSync(rulesFile)) rules.add(readFileSync(rulesFile, 'utf8'));
  const found: string[] = [];
  await walk('');
  return found;

  async function walk(folder: string): Promise<void> {
    for (const entry of await readdir(path.join(root, folder), { withFileTypes: true })) {
      const name = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const isFolder = entry.isDirectory();
      // Rules that end in "/" match only names that do.
      if (ownFolders.has(entry.name) || rules.ignores(isFolder ? `${name}/` : name)) continue;
      if (isFolder) await walk(name);
      else found.push(name);
    }
  }
}

/** The same on every machine, unlike the order of a locale. */
function byCodePoint(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
