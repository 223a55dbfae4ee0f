import { realpathSync, statSync, type Stats } from 'node:fs';
import path from 'node:path';
import { Failure } from '../../domain/failure';
import { findUpwards } from '../../settings/find-upwards';

/** Which files go with a script. */
export interface Project {
  /** Everything below it is staged, but for what git ignores. */
  readonly root: string;
  /** The script's path inside the root, with `/`. */
  readonly script: string;
}

/**
 * Finds the project of a script: the nearest folder above it that holds `.git`, else the script's own folder.
 *
 * @throws script-unusable  It is missing, empty or no file.
 */
export function findProject(script: string, folder: string): Project {
  const file = path.resolve(folder, script);
  const stats = statOrNull(file);
  if (stats === null) throw unusable(`there is no ${script}.`, `Looked for ${file}.`);
  if (!stats.isFile())
    throw unusable(`${script} is not a file.`, `${file} is a folder or a device.`);
  if (stats.size === 0) throw unusable(`${script} is empty.`, `${file} has no content to run.`);
  // The folder may be reached by a link while git, and so the list of files, speaks of the real one.
  const realFolder = realpathSync(path.dirname(file));
  const gitFolder = findUpwards(realFolder, '.git');
  const root = gitFolder === null ? realFolder : path.dirname(gitFolder);
  const inside = path.relative(root, path.join(realFolder, path.basename(file)));
  return { root, script: inside.split(path.sep).join('/') };
}

function statOrNull(file: string): Stats | null {
  try {
    return statSync(file);
  } catch {
    // Missing, or a folder on the way may not be entered: both are "not there" to the user.
    return null;
  }
}

function unusable(message: string, why: string): Failure {
  return new Failure('script-unusable', message, { why });
}
