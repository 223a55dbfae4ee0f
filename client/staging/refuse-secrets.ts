import path from 'node:path';
import { Failure } from '../../domain/failure';
import { plural } from '../../domain/text';
import { limits } from '../limits';
import { describeSecret } from './secret-files';

/**
 * Refuses files that look like secrets, tracked by git or not, unless they were named one by one: code lies in a bucket
 * that more people can read than their laptops.
 *
 * @param folder the paths of the message are relative to it, so that they can be pasted.
 * @throws secret-in-code  Names each of them.
 */
export async function refuseSecrets(
  root: string,
  names: readonly string[],
  options: { readonly allowed: readonly string[]; readonly folder: string },
): Promise<void> {
  const allowed = new Set(options.allowed);
  const secrets: { readonly file: string; readonly what: string }[] = [];
  for (const name of names) {
    if (allowed.has(name)) continue;
    const what = await describeSecret(root, name);
    if (what !== null)
      secrets.push({ file: path.relative(options.folder, path.join(root, name)), what });
  }
  const [first] = secrets;
  if (first === undefined) return;
  const shown = secrets.slice(0, limits.refusedFilesShown);
  const more = secrets.length - shown.length;
  throw new Failure(
    'secret-in-code',
    `${plural(secrets.length, 'file')} of the code would give secrets away.`,
    {
      why: [
        ...shown.map(({ file, what }) => `${file} looks like ${what}`),
        ...(more > 0 ? [`and ${more} more`] : []),
      ].join('\n'),
      next: `Name them in .gitignore and hand secrets over with --secret NAME=ssm:/path. To send one along on purpose: --include-secret-file ${quote(first.file)}`,
    },
  );
}

/** As a shell would need it. */
const quote = (text: string): string =>
  /^[\w./@+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
