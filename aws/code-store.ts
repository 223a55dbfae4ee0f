import { objectKeys } from '../domain/ids';
import type { StagedCode } from '../domain/run-spec';
import type { Cloud } from './connect-cloud';
import { headSize, putIfAbsent } from './object-store';

/** Puts a code archive under its hash; one that is there already is the same, and is not sent again. */
export async function storeCode(
  cloud: Cloud,
  sha256: string,
  archive: Uint8Array,
): Promise<StagedCode> {
  if (!(await hasCodeArchive(cloud, { sha256, sizeBytes: archive.byteLength }))) {
    await putIfAbsent(cloud.clients, cloud.settings.bucket, objectKeys.code(sha256), archive);
  }
  return { sha256, sizeBytes: archive.byteLength };
}

/** Whether the archive is there, whole. */
export async function hasCodeArchive(cloud: Cloud, code: StagedCode): Promise<boolean> {
  const size = await headSize(cloud.clients, cloud.settings.bucket, objectKeys.code(code.sha256));
  return size === code.sizeBytes;
}
