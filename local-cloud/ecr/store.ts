import { createHash, randomUUID } from 'node:crypto';
import {
  createReadStream,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Collection } from '../world/collection';

/** A repository of images: what its tags name, and what was pushed. */
export interface RepositoryRecord {
  readonly name: string;
  readonly createdAt: string;
  /** Whether a tag, once given, stays with its image. */
  readonly isImmutable: boolean;
  readonly tags: Readonly<Record<string, string>>;
  readonly manifests: Readonly<Record<string, ManifestRecord>>;
}

interface ManifestRecord {
  readonly mediaType: string;
  /** Of the manifest and all that it names. */
  readonly imageBytes: number;
  readonly pushedAt: string;
}

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export const isDigest = (text: string): boolean => DIGEST.test(text);

export const digestOf = (content: Buffer): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** The images of this cloud on disk: records of repositories, and blobs that each repository has for itself, as ECR does. */
export class ImageStore {
  readonly repositories: Collection<RepositoryRecord>;
  private readonly uploads: string;

  constructor(private readonly folder: string) {
    this.repositories = new Collection(join(folder, 'repositories'));
    this.uploads = join(folder, 'uploads');
    // Nobody goes on with an upload that a stopped server has left.
    rmSync(this.uploads, { recursive: true, force: true });
    mkdirSync(this.uploads, { recursive: true });
  }

  find(name: string): RepositoryRecord | undefined {
    return this.repositories.get(encodeURIComponent(name));
  }

  put(record: RepositoryRecord): void {
    mkdirSync(this.blobFolder(record.name), { recursive: true });
    this.repositories.put(encodeURIComponent(record.name), record);
  }

  remove(name: string): void {
    this.repositories.remove(encodeURIComponent(name));
    rmSync(this.blobFolder(name), { recursive: true, force: true });
  }

  /** The file of a blob; null when the repository does not have it. */
  blob(name: string, digest: string): string | null {
    if (!isDigest(digest)) return null;
    const path = this.blobPath(name, digest);
    return existsSync(path) ? path : null;
  }

  readBlob(name: string, digest: string): Buffer | null {
    const path = this.blob(name, digest);
    return path === null ? null : readFileSync(path);
  }

  /** Stores a small content of our own. */
  writeBlob(name: string, content: Buffer): string {
    const digest = digestOf(content);
    const draft = join(this.uploads, randomUUID());
    writeFileSync(draft, content);
    renameSync(draft, this.blobPath(name, digest));
    return digest;
  }

  removeBlob(name: string, digest: string): void {
    rmSync(this.blobPath(name, digest), { force: true });
  }

  /** Gives a repository a blob that another one has; false when it has not. */
  mountBlob(name: string, from: string, digest: string): boolean {
    const source = this.blob(from, digest);
    if (source === null) return false;
    if (this.blob(name, digest) === null) linkSync(source, this.blobPath(name, digest));
    return true;
  }

  /** Begins an upload, which is a file that grows. */
  beginUpload(): string {
    const id = randomUUID();
    writeFileSync(this.uploadPath(id), '');
    return id;
  }

  /** The file of an upload and its size; null when there is none of that id. */
  upload(id: string): { readonly path: string; readonly sizeBytes: number } | null {
    const path = this.uploadPath(id);
    if (!/^[0-9a-f-]{36}$/.test(id) || !existsSync(path)) return null;
    return { path, sizeBytes: statSync(path).size };
  }

  dropUpload(id: string): void {
    rmSync(this.uploadPath(id), { force: true });
  }

  /** Makes an upload a blob, if it is what its digest says; else it is dropped. */
  async finishUpload(id: string, name: string, digest: string): Promise<boolean> {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(this.uploadPath(id))) hash.update(chunk as Buffer);
    if (digest !== `sha256:${hash.digest('hex')}`) {
      this.dropUpload(id);
      return false;
    }
    renameSync(this.uploadPath(id), this.blobPath(name, digest));
    return true;
  }

  private uploadPath(id: string): string {
    return join(this.uploads, id);
  }

  private blobFolder(name: string): string {
    return join(this.folder, 'blobs', encodeURIComponent(name));
  }

  private blobPath(name: string, digest: string): string {
    return join(this.blobFolder(name), digest.slice('sha256:'.length));
  }
}
