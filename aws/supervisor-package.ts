import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type Zippable, zipSync } from 'fflate';
import { objectKeys } from '../domain/ids';
import type { AwsClients } from './clients';
import { storeLimits } from './limits';
import { putIfAbsent } from './object-store';
import { findPackageRoot } from './package-root';
import type { SupervisorDelivery } from './supervisor-script';

export interface SupervisorPackage {
  readonly content: Uint8Array;
  readonly sha256: string;
}

/** The oldest time that a zip can hold; the same for all entries, so that equal sources give equal bytes. */
const noTime = new Date(1980, 0, 1);

/** Packs the supervisor's sources into one zip that Python runs as it is. Equal sources give equal bytes. */
export async function packSupervisor(
  folder: string = join(findPackageRoot(), 'supervisor'),
): Promise<SupervisorPackage> {
  const inside = await readdir(join(folder, 'runctl_supervisor'), {
    recursive: true,
    withFileTypes: true,
  });
  const modules = inside
    .filter((entry) => entry.isFile() && entry.name.endsWith('.py'))
    .map((entry) => join(entry.parentPath, entry.name));
  const zippable: Zippable = {};
  for (const path of [join(folder, '__main__.py'), ...modules].sort()) {
    const name = relative(folder, path).split(sep).join('/');
    zippable[name] = [await readFile(path), { mtime: noTime, os: 3, attrs: 0o644 << 16 }];
  }
  const content = zipSync(zippable, { level: 9 });
  return { content, sha256: createHash('sha256').update(content).digest('hex') };
}

/** Puts the package into the bucket under its hash; one that is there is the same. */
export async function uploadSupervisor(
  clients: AwsClients,
  bucket: string,
  supervisor: SupervisorPackage,
): Promise<void> {
  await putIfAbsent(clients, bucket, objectKeys.supervisor(supervisor.sha256), supervisor.content);
}

/** A link by which an instance gets the package without credentials; it ends after minutes. */
export async function presignSupervisor(
  clients: AwsClients,
  bucket: string,
  sha256: string,
): Promise<SupervisorDelivery> {
  const command = new GetObjectCommand({ Bucket: bucket, Key: objectKeys.supervisor(sha256) });
  const url = await getSignedUrl(clients.s3, command, { expiresIn: storeLimits.presignedSeconds });
  return { url, sha256 };
}
