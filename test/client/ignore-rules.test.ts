import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { listByIgnoreRules, listIncluded } from '../../client/staging/ignore-rules';
import { listFiles } from '../../client/staging/list-files';
import { temporaryFolder } from './support/temporary-folder';

const git = (folder: string, ...args: string[]): string =>
  execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args], {
    encoding: 'utf8',
  });

function repository(files: Readonly<Record<string, string>>): string {
  const folder = temporaryFolder(files);
  git(folder, 'init', '--quiet');
  return folder;
}

function commitAll(folder: string, ...more: string[]): void {
  git(folder, 'add', ...more, '.');
  git(folder, 'commit', '--quiet', '--message', 'x');
}

/** As on a machine where there is none. */
async function withoutGit<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  const before = process.env['PATH'];
  process.env['PATH'] = '/nowhere';
  try {
    return await ask();
  } finally {
    process.env['PATH'] = before;
  }
}

const list = async (root: string) => (await listFiles(root)).names;

describe('what git tracks or would add goes along, by git’s own rules', () => {
  test.each<readonly [name: string, files: Record<string, string>, expected: string[]]>([
    [
      'a negated rule brings a file back, but not out of an ignored folder',
      {
        '.gitignore': '*.log\n!keep.log\ndata/\n!data/keep.log\n',
        'a.log': '',
        'keep.log': '',
        'data/keep.log': '',
        'deep/keep.log': '',
      },
      ['.gitignore', 'deep/keep.log', 'keep.log'],
    ],
    [
      'a rule with a slash counts from its own folder on',
      {
        '.gitignore': '/build\ndocs/*.html\n',
        'build/a': '',
        'lib/build/a': '',
        'docs/a.html': '',
        'docs/deep/a.html': '',
        'lib/docs/a.html': '',
      },
      ['.gitignore', 'docs/deep/a.html', 'lib/build/a', 'lib/docs/a.html'],
    ],
    [
      'a nested file of rules overrules the one above',
      {
        '.gitignore': '*.pt\n',
        'models/.gitignore': '!best.pt\n',
        'models/best.pt': '',
        'models/last.pt': '',
        'best.pt': '',
      },
      ['.gitignore', 'models/.gitignore', 'models/best.pt'],
    ],
    [
      'two stars, classes, escapes, comments and blanks mean what they mean to git',
      {
        '.gitignore': '**/cache\nout/**/x\n[ab].txt\n\\#odd\n# comment\ntrailing\\ \n\n?.bin\n',
        'deep/cache/a': '',
        'out/x': '',
        'out/1/2/x': '',
        'a.txt': '',
        'c.txt': '',
        '#odd': '',
        'trailing ': '',
        trailing: '',
        '1.bin': '',
        '12.bin': '',
      },
      ['.gitignore', '12.bin', 'c.txt', 'trailing'],
    ],
    [
      'a rule for folders leaves a file of that name alone',
      { '.gitignore': 'data/\n', data: '', 'deep/data/x': '' },
      ['.gitignore', 'data'],
    ],
    ['upper and lower case differ', { '.gitignore': '*.PT\n', 'a.pt': '' }, ['.gitignore', 'a.pt']],
  ])('%s', async (_, files, expected) => {
    expect(await list(repository(files))).toEqual(expected);
    // The same rules hold outside of a repository.
    expect(await list(temporaryFolder(files))).toEqual(expected);
  });

  test('.git/info/exclude and core.excludesFile count', async () => {
    const rules = path.join(temporaryFolder({ 'my rules': '*.tmp\n' }), 'my rules');
    const folder = repository({ 'a.py': '', 'a.tmp': '', 'notes.md': '' });
    git(folder, 'config', 'core.excludesFile', rules);
    writeFileSync(path.join(folder, '.git/info/exclude'), 'notes.md\n');
    expect(await list(folder)).toEqual(['a.py']);
  });

  test('a file that is tracked although a rule names it goes along', async () => {
    const folder = repository({ '.gitignore': '*.pt\n', 'base.pt': '', 'other.pt': '' });
    git(folder, 'add', '--force', 'base.pt', '.gitignore');
    git(folder, 'commit', '--quiet', '--message', 'x');
    expect(await list(folder)).toEqual(['.gitignore', 'base.pt']);
  });

  test('a submodule, and a repository that is none, bring their files by their own rules', async () => {
    const library = repository({ 'lib.py': '', '.gitignore': '*.o\n' });
    commitAll(library);
    const folder = repository({ 'train.py': '', '.gitignore': '*.txt\n' });
    git(folder, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'sub');
    writeFileSync(path.join(folder, 'sub/a.o'), '');
    writeFileSync(path.join(folder, 'sub/a.txt'), '');
    git(folder, 'init', '--quiet', 'vendored');
    writeFileSync(path.join(folder, 'vendored/v.py'), '');
    expect(await list(folder)).toEqual([
      '.gitignore',
      '.gitmodules',
      'sub/.gitignore',
      'sub/a.txt',
      'sub/lib.py',
      'train.py',
      'vendored/v.py',
    ]);
  });

  test('a submodule that is not checked out is told', async () => {
    const library = repository({ 'lib.py': '' });
    commitAll(library);
    const folder = repository({ 'train.py': '' });
    git(folder, '-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', library, 'sub');
    commitAll(folder);
    git(folder, 'submodule', '--quiet', 'deinit', '--all', '--force');
    const { names, warnings } = await listFiles(folder);
    expect(names).toEqual(['.gitmodules', 'train.py']);
    expect(warnings).toEqual([expect.stringContaining('The submodule sub is not checked out')]);
  });

  test('a hook of another repository does not decide', async () => {
    const folder = repository({ 'train.py': '' });
    const other = repository({ 'other.py': '' });
    const before = { ...process.env };
    Object.assign(process.env, { GIT_DIR: path.join(other, '.git'), GIT_INDEX_FILE: '/nowhere' });
    try {
      expect(await list(folder)).toEqual(['train.py']);
    } finally {
      process.env = before;
    }
  });

  test('a repository that git refuses is told with its own words, not read in some other way', async () => {
    const folder = repository({ 'train.py': '' });
    writeFileSync(path.join(folder, '.git/config'), '[core\n');
    await expect(listFiles(folder)).rejects.toMatchObject({
      code: 'code-not-sendable',
      why: expect.stringContaining('bad config') as string,
    });
  });

  test('a name that is not UTF-8 is told, not left out', async () => {
    const folder = repository({ 'train.py': '' });
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/x`), Buffer.from([0xff])]), '');
    const refused = { code: 'code-not-sendable' };
    await expect(listFiles(folder)).rejects.toMatchObject(refused);
    await withoutGit(() => expect(listFiles(folder)).rejects.toMatchObject(refused));
  });
});

describe('without git', () => {
  const part = fc.constantFrom('a', 'b', 'ab', 'a.x', 'b.x', 'c d', '.h');
  const file = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const glob = fc.constantFrom('a', 'b', '*', 'a*', '*.x', '?', '[ab]', '**', 'c d', '.*', 'a\\*');
  const rule = fc
    .record({
      isNegated: fc.boolean(),
      isAnchored: fc.boolean(),
      globs: fc.array(glob, { minLength: 1, maxLength: 3 }),
      isFolder: fc.boolean(),
    })
    .map(
      ({ isNegated, isAnchored, globs, isFolder }) =>
        `${isNegated ? '!' : ''}${isAnchored ? '/' : ''}${globs.join('/')}${isFolder ? '/' : ''}`,
    );
  const rules = fc
    .array(fc.oneof(rule, fc.constantFrom('# comment', '')), { maxLength: 5 })
    .map((lines) => lines.join('\n'));
  const tree = fc.record({
    files: fc.array(file, { minLength: 1, maxLength: 12 }),
    root: rules,
    nested: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'a/b'), rules), { maxLength: 2 }),
    exclude: rules,
  });

  test('the rules are read as git reads them, for any tree', async () => {
    const folder = repository({});
    await fc.assert(
      fc.asyncProperty(tree, async ({ files, root, nested, exclude }) => {
        for (const entry of ['a', 'b', 'ab', 'a.x', 'b.x', 'c d', '.h', '.gitignore']) {
          rmSync(path.join(folder, entry), { recursive: true, force: true });
        }
        for (const name of files) makeFile(folder, name, '');
        makeFile(folder, '.gitignore', root);
        for (const [place, text] of nested) makeFile(folder, `${place}/.gitignore`, text);
        writeFileSync(path.join(folder, '.git/info/exclude'), exclude);
        expect((await listByIgnoreRules(folder)).sort()).toEqual(await list(folder));
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  /** What cannot be made, because a file is where a folder should be, is left out of the tree. */
  function makeFile(folder: string, name: string, text: string): void {
    try {
      mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
      writeFileSync(path.join(folder, name), text);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? ''; // the file system's own errors
      if (!['EEXIST', 'ENOTDIR', 'EISDIR'].includes(code)) throw error;
    }
  }

  test('it is said that tracked files may be missing', async () => {
    const folder = repository({ 'train.py': '', '.gitignore': 'data/\n', 'data/x': '' });
    const { names, warnings } = await withoutGit(() => listFiles(folder));
    expect(names).toEqual(['.gitignore', 'train.py']);
    expect(warnings).toEqual([expect.stringContaining('There is no git here')]);
  });
});

test('--include brings ignored files along, with the syntax of .gitignore', async () => {
  const folder = repository({
    '.gitignore': 'data/\n*.bin\n',
    'data/small/a.csv': '',
    'data/small/a.tmp': '',
    'data/big/b.csv': '',
    'deep/x.bin': '',
    '.runctl/up.json': '',
  });
  symlinkSync('.', path.join(folder, 'data/loop'));
  const included = (patterns: string[]) => listIncluded(folder, patterns);
  expect((await included(['/data/small/*', '!*.tmp'])).sort()).toEqual(['data/small/a.csv']);
  expect(await included(['*.bin'])).toEqual(['deep/x.bin']);
  expect(await included(['.runctl/', '.git/'])).toEqual([]);
});
