import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../../domain/failure';
import { limits } from '../limits';
import { listGitFiles } from './git-files';
import { listByIgnoreRules } from './ignore-rules';
import { isOwnPath } from './own-folders';

/** The code around a script. */
export interface ListedFiles {
  /** Files and links in the order of their names, relative, with `/`. */
  readonly names: readonly string[];
  /** What a person should know, as sentences. */
  readonly warnings: readonly string[];
}

/**
 * Lists the files of a project: what git tracks or would add. A repository inside it, a submodule or not, brings its own
 * files by its own rules. Without git the `.gitignore` files decide. Links are listed as links.
 *
 * @throws code-not-sendable  A name is not UTF-8, or git refuses the repository.
 */
export async function listFiles(root: string): Promise<ListedFiles> {
  const names = new Set<string>();
  const warnings: string[] = [];
  await listInto('', 0);
  return { names: [...names].sort(byCodePoint), warnings };

  async function listInto(folder: string, depth: number): Promise<void> {
    const absolute = path.join(root, folder);
    const listed = await listGitFiles(absolute);
    if (listed.kind === 'no-git') {
      warnings.push(
        'There is no git here: what it tracks although .gitignore names it is left out.',
      );
      for (const name of await listByIgnoreRules(absolute)) await take(folder + name, depth);
      return;
    }
    for (const name of decodeNames(listed.names, folder)) await take(folder + name, depth);
  }

  async function take(name: string, depth: number): Promise<void> {
    const bare = name.replace(/\/$/, '');
    if (isOwnPath(bare)) return;
    // git also lists what was deleted but not committed.
    const stats = await lstat(path.join(root, bare)).catch(() => null);
    if (stats === null) {
      refuseReplacedName(bare);
      return;
    }
    if (!stats.isDirectory()) {
      if (stats.isFile() || stats.isSymbolicLink()) names.add(bare);
      return;
    }
    const isCheckedOut = await lstat(path.join(root, bare, '.git')).catch(() => null);
    if (isCheckedOut === null) {
      warnings.push(
        `The submodule ${bare} is not checked out and stays behind: git submodule update --init`,
      );
    } else if (depth < limits.nestedRepositories) {
      await listInto(`${bare}/`, depth + 1);
    } else {
      throw new Failure('code-not-sendable', `${bare}: repositories lie too deep in each other.`);
    }
  }
}

/**
 * Node reads a name that is not UTF-8 with a character in place of what it cannot read, and such a file is then not there.
 *
 * @throws code-not-sendable
 */
export function refuseReplacedName(name: string): void {
  if (name.includes('\uFFFD')) throw notUtf8(name);
}

const notUtf8 = (name: string): Failure =>
  new Failure('code-not-sendable', `the name of a file is not UTF-8: ${JSON.stringify(name)}.`, {
    next: 'Rename it, or name it in .gitignore.',
  });

function decodeNames(names: readonly Buffer[], folder: string): string[] {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return names.map((name) => {
    try {
      return decoder.decode(name);
    } catch {
      throw notUtf8(folder + name.toString('latin1'));
    }
  });
}

/** The same on every machine, unlike the order of a locale. */
function byCodePoint(one: string, other: string): number {
  return one < other ? -1 : one > other ? 1 : 0;
}
