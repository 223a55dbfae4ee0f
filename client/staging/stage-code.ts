import { lstatSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { Failure } from '../../domain/failure';
import type { StagedCode } from '../../domain/run-spec';
import type { CloudAccess } from '../cloud-access';
import { listIncluded } from './ignore-rules';
import { listFiles, refuseReplacedName } from './list-files';
import { isOwnPath } from './own-folders';
import { packCode } from './pack-code';
import { findProject } from './project-root';
import { refuseOutwardLinks } from './refuse-links';
import { refuseSecrets } from './refuse-secrets';

export interface StagedScript {
  readonly code: StagedCode;
  /** Path inside the archive, with `/`. */
  readonly script: string;
  readonly root: string;
  readonly fileCount: number;
  /** What a person should know of what was left out, as sentences. */
  readonly warnings: readonly string[];
}

export interface StagingOptions {
  readonly script: string;
  /** Paths are relative to it. */
  readonly folder: string;
  readonly limitBytes: number;
  /** Patterns with the syntax of `.gitignore`, relative to the project's root: what goes along although it is ignored. */
  readonly include: readonly string[];
  /** Files that go along although they look like secrets; paths, no patterns. */
  readonly includeSecretFiles: readonly string[];
}

/**
 * Packs the project of a script and puts it into the bucket, unless the same code is there already.
 *
 * @throws script-unusable, code-too-large, code-not-sendable, secret-in-code, invalid-input, bucket-missing,
 *   no-credentials, not-authorized
 */
export async function stageCode(
  access: Pick<CloudAccess, 'storeCode'>,
  options: StagingOptions,
): Promise<StagedScript> {
  const project = findProject(options.script, options.folder);
  const { names, warnings } = await chooseFiles(project.root, options);
  if (!names.includes(project.script)) {
    throw new Failure('script-unusable', `${project.script} would not be sent along.`, {
      why: `The ignore rules of ${project.root} leave it out.`,
      next: 'Take it out of .gitignore, or add --include.',
    });
  }
  const archive = await packCode(project.root, names, options.limitBytes);
  const code = await access.storeCode(archive.sha256, archive.content);
  const { fileCount } = archive;
  return { code, script: project.script, root: project.root, fileCount, warnings };
}

async function chooseFiles(
  root: string,
  options: StagingOptions,
): Promise<{ readonly names: readonly string[]; readonly warnings: readonly string[] }> {
  const allowed = options.includeSecretFiles.map((file) => nameInside(root, file, options.folder));
  const listed = await listFiles(root);
  const included = await listIncluded(root, options.include);
  included.forEach(refuseReplacedName);
  const names = [...new Set([...listed.names, ...included, ...allowed])].sort();
  await refuseOutwardLinks(root, names);
  await refuseSecrets(root, names, { allowed, folder: realpathSync(options.folder) });
  return { names, warnings: listed.warnings };
}

/** The name of a file of the project. @throws invalid-input */
function nameInside(root: string, file: string, folder: string): string {
  const absolute = path.resolve(folder, file);
  const stats = lstatSync(absolute, { throwIfNoEntry: false });
  // The folder may be reached by a link, while the root is a real path.
  const real =
    stats === undefined
      ? absolute
      : path.join(realpathSync(path.dirname(absolute)), path.basename(absolute));
  const name = path.relative(root, real).split(path.sep).join('/');
  const isUsable = stats?.isFile() === true || stats?.isSymbolicLink() === true;
  if (isUsable && !name.startsWith('../') && !path.isAbsolute(name) && !isOwnPath(name)) {
    return name;
  }
  throw new Failure(
    'invalid-input',
    `--include-secret-file: expected a file of the project ${root}, got "${file}"`,
    { next: 'Give the path of one file; patterns are not taken.' },
  );
}
