import { createHash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { create } from 'tar';
import { formatBytes } from '../output/format';
import { Failure } from '../../domain/failure';
import { limits } from '../limits';

/** A `.tar.gz` that is named by its content. */
export interface CodeArchive {
  readonly content: Buffer;
  readonly sha256: string;
  readonly fileCount: number;
}

/**
 * Packs files into an archive that depends on nothing but their names, their content and whether they can be run:
 * equal code gives equal bytes on every machine.
 *
 * @throws code-too-large  Names the largest files.
 */
export async function packCode(
  root: string,
  files: readonly string[],
  limitBytes: number,
): Promise<CodeArchive> {
  await refuseTooLarge(root, files, limitBytes);
  const pieces: Buffer[] = [];
  const stream = create(
    // `portable` leaves out owners, `mtime` and the sorted list fix the rest, `umask` makes modes equal.
    {
      cwd: root,
      portable: true,
      noDirRecurse: true,
      // Names are relative. Without this, what Windows would take for a root (`\\x`, `c:x`) is cut off.
      preservePaths: true,
      mtime: new Date(0),
      // Two names of one file are two files: on the instance each is written by itself.
      filter: (_, stat) => {
        stat.nlink = 1;
        return true;
      },
      onWriteEntry: (entry) => {
        if (entry.stat !== undefined) entry.stat.mode = fixedMode(entry.stat.mode);
      },
    },
    // A name that begins with "@" would be read as an archive to copy from.
    files.map((name) => (name.startsWith('@') ? `./${name}` : name)),
  );
  for await (const piece of stream) pieces.push(piece); // The stream gives buffers only.
  // Not by `tar` itself: its gzip header would hold the system it ran on.
  const content = gzipSync(Buffer.concat(pieces), { level: 6 });
  content[gzipSystemOffset] = 255;
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { content, sha256, fileCount: files.length };
}

/** RFC 1952: the byte that names the operating system; 255 is "unknown". */
const gzipSystemOffset = 9;

/** Read and write for the owner, read for all; run where the owner may run it. */
function fixedMode(mode: number): number {
  const kind = mode & ~0o7777;
  return kind | ((mode & 0o100) === 0 ? 0o644 : 0o755);
}

async function refuseTooLarge(
  root: string,
  files: readonly string[],
  limitBytes: number,
): Promise<void> {
  const sizes: { name: string; sizeBytes: number }[] = [];
  for (const name of files) {
    const { size } = await lstat(path.join(root, name));
    sizes.push({ name, sizeBytes: size });
  }
  const total = sizes.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (total <= limitBytes) return;
  const largest = sizes
    .toSorted((one, other) => other.sizeBytes - one.sizeBytes)
    .slice(0, limits.largestFilesShown)
    .map(({ name, sizeBytes }) => `${formatBytes(sizeBytes).padStart(10)}  ${name}`);
  throw new Failure(
    'code-too-large',
    `the code in ${root} has ${formatBytes(total)}, more than ${formatBytes(limitBytes)}.`,
    { why: ['The largest files are:', ...largest].join('\n') },
  );
}
