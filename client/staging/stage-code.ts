import { Failure } from '../../domain/failure';
import type { StagedCode } from '../../domain/run-spec';
import type { CloudAccess } from '../cloud-access';
import { listFiles } from './list-files';
import { packCode } from './pack-code';
import { findProject } from './project-root';

export interface StagedScript {
  readonly code: StagedCode;
  /** Path inside the archive, with `/`. */
  readonly script: string;
  readonly root: string;
  readonly fileCount: number;
}

/**
 * Packs the project of a script and puts it into the bucket, unless the same code is there already.
 *
 * @throws script-unusable, code-too-large, bucket-missing, no-credentials, not-authorized
 */
export async function stageCode(
  access: CloudAccess,
  options: { readonly script: string; readonly folder: string; readonly limitBytes: number },
): Promise<StagedScript> {
  const project = findProject(options.script, options.folder);
  const files = await listFiles(project.root);
  if (!files.includes(project.script)) {
    throw new Failure('script-unusable', `${project.script} would not be sent along.`, {
      why: `The ignore rules of ${project.root} leave it out.`,
      next: 'Take it out of .gitignore.',
    });
  }
  const archive = await packCode(project.root, files, options.limitBytes);
  const code = await access.storeCode(archive.sha256, archive.content);
  return { code, script: project.script, root: project.root, fileCount: archive.fileCount };
}
