import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Failure } from '../../domain/failure';
import { limits } from '../limits';

/** What git says of a folder. */
export type GitFiles =
  /** Files as git tracks them or would add them, relative; a repository inside is named as a folder. */
  | { readonly kind: 'listed'; readonly names: readonly Buffer[] }
  /** There is no git on this machine. */
  | { readonly kind: 'no-git' };

/**
 * Asks git which files of a folder are not ignored, so that its rules are git's own: nested `.gitignore`, negation,
 * `.git/info/exclude`, `core.excludesFile`, and files that are tracked although a rule names them. Outside of a
 * repository the same rules are applied through an empty one.
 *
 * @throws code-not-sendable  git is there, but refuses the repository.
 */
export async function listGitFiles(root: string): Promise<GitFiles> {
  if (existsSync(path.join(root, '.git'))) return ask(root, []);
  const empty = await mkdtemp(path.join(tmpdir(), 'runctl-git-'));
  try {
    const made = await run(root, ['init', '--quiet', '--bare', '--template=', empty]);
    if (made === null) return { kind: 'no-git' };
    return await ask(root, [`--git-dir=${empty}`, '--work-tree=.']);
  } finally {
    await rm(empty, { recursive: true, force: true });
  }
}

async function ask(root: string, where: readonly string[]): Promise<GitFiles> {
  const what = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const output = await run(root, [...where, ...what]);
  return output === null ? { kind: 'no-git' } : { kind: 'listed', names: splitAtZeros(output) };
}

/** What git prints; null when there is no git. */
function run(root: string, args: readonly string[]): Promise<Buffer | null> {
  return new Promise((resolve, reject) => {
    execFile(
      'git',
      args,
      {
        cwd: root,
        env: withoutRepository(process.env),
        encoding: 'buffer',
        maxBuffer: limits.fileListBytes,
      },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else if (error.code === 'ENOENT' && existsSync(root)) resolve(null);
        else reject(refused(root, stderr.toString('utf8').trim() || error.message));
      },
    );
  });
}

const refused = (root: string, why: string): Failure =>
  new Failure('code-not-sendable', `git cannot tell what belongs to the code in ${root}.`, {
    why: why.split('\n').slice(0, limits.gitErrorLines).join('\n'),
    next: 'Do what git says.',
  });

/** Called from a hook, git would answer for the repository of the hook: `git rev-parse --local-env-vars`. */
function withoutRepository(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const local =
    /^GIT_(ALTERNATE_OBJECT_DIRECTORIES|COMMON_DIR|CONFIG|CONFIG_COUNT|CONFIG_PARAMETERS|DIR|GRAFT_FILE|IMPLICIT_WORK_TREE|INDEX_FILE|INTERNAL_SUPER_PREFIX|NO_REPLACE_OBJECTS|OBJECT_DIRECTORY|PREFIX|REPLACE_REF_BASE|SHALLOW_FILE|WORK_TREE)$/;
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !local.test(name)));
}

function splitAtZeros(output: Buffer): Buffer[] {
  const names: Buffer[] = [];
  let start = 0;
  for (let end = output.indexOf(0); end !== -1; end = output.indexOf(0, start)) {
    names.push(output.subarray(start, end));
    start = end + 1;
  }
  return names;
}
