import { realpathSync } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import path from 'node:path';
import { Failure } from '../../domain/failure';
import { limits } from '../limits';

/**
 * Refuses links that lead out of the project: on the instance they would lead nowhere, and to follow them would send
 * along what nobody meant to. Links inside stay links.
 *
 * @throws code-not-sendable  Names each of them.
 */
export async function refuseOutwardLinks(root: string, names: readonly string[]): Promise<void> {
  const outward: string[] = [];
  for (const name of names) {
    const file = path.join(root, name);
    if (!(await lstat(file)).isSymbolicLink()) continue;
    const target = await readlink(file);
    if (leadsOut(root, name, target)) outward.push(`${name} -> ${target}`);
  }
  if (outward.length === 0) return;
  const shown = outward.slice(0, limits.refusedFilesShown);
  const more = outward.length - shown.length;
  throw new Failure('code-not-sendable', 'links lead out of the project:', {
    why: [...shown, ...(more > 0 ? [`and ${more} more`] : [])].join('\n'),
    next: 'Name them in .gitignore (without a "/" at the end), or put the files themselves there; large data goes through --data-s3.',
  });
}

function leadsOut(root: string, name: string, target: string): boolean {
  // An absolute path is another one on the instance, also if it leads back into the project here.
  if (path.isAbsolute(target)) return true;
  if (isOutside(path.posix.normalize(path.posix.join(path.posix.dirname(name), target)))) {
    return true;
  }
  try {
    // Over other links it may lead further than it looks: only the system itself follows them one by one.
    const real = realpathSync.native(path.join(root, name));
    return isOutside(path.relative(realpathSync.native(root), real).split(path.sep).join('/'));
  } catch {
    // Leads to nothing, or in a circle: harmless, and the user's own affair.
    return false;
  }
}

const isOutside = (relative: string): boolean =>
  relative === '..' || relative.startsWith('../') || path.isAbsolute(relative);
