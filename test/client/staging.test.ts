import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, linkSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { listFiles } from '../../client/staging/list-files';
import { packCode } from '../../client/staging/pack-code';
import { findProject } from '../../client/staging/project-root';
import { temporaryFolder } from './support/temporary-folder';

const megabyte = 1024 * 1024;

const git = (folder: string, ...args: string[]): void => {
  execFileSync('git', ['-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@t', ...args]);
};

function repository(files: Record<string, string>): string {
  const folder = temporaryFolder(files);
  git(folder, 'init', '--quiet');
  return folder;
}

const list = async (root: string) => (await listFiles(root)).names;
const pack = async (root: string) => packCode(root, await list(root), megabyte);

/** What the instance makes of the archive. */
async function unpackedNames(root: string): Promise<string[]> {
  const archive = path.join(temporaryFolder(), 'a.tar.gz');
  writeFileSync(archive, (await pack(root)).content);
  const program =
    'import json, os, sys, tarfile; ' +
    'print(json.dumps([os.path.normpath(name) for name in tarfile.open(sys.argv[1]).getnames()]))';
  const output = execFileSync('python3', ['-c', program, archive], { encoding: 'utf8' });
  return JSON.parse(output) as string[]; // the program above prints it
}

describe('which files go along', () => {
  test('what git ignores stays, at every depth; what is not committed goes', async () => {
    const folder = repository({
      'train.py': 'x',
      '.gitignore': 'data/\n*.pt',
      'data/big.bin': 'x',
      'model.pt': 'x',
      'lib/.gitignore': 'cache',
      'lib/a.py': 'x',
      'lib/cache/b.py': 'x',
    });
    expect(await list(folder)).toEqual(['.gitignore', 'lib/.gitignore', 'lib/a.py', 'train.py']);
  });

  test('names with spaces, line breaks and umlauts go along as they are', async () => {
    const names = ['a file.py', 'line\nbreak.py', 'ümläut.py', '@at.py', '-dash.py', '\\n', 'c:x'];
    names.push(`deep/${'long'.repeat(50)}/${'longer'.repeat(40)}`);
    const folder = repository(Object.fromEntries(names.map((name) => [name, 'x'])));
    expect(new Set(await list(folder))).toEqual(new Set(names));
    expect(new Set(await unpackedNames(folder))).toEqual(new Set(names));
  });

  test('a file that was deleted but not committed is no problem', async () => {
    const folder = repository({ 'train.py': 'x', 'old.py': 'x' });
    git(folder, 'add', '.');
    git(folder, 'commit', '--quiet', '-m', 'x');
    execFileSync('rm', [path.join(folder, 'old.py')]);
    expect(await list(folder)).toEqual(['train.py']);
  });

  test('without a repository the .gitignore of the root decides', async () => {
    const folder = temporaryFolder({
      'train.py': 'x',
      '.gitignore': 'data/',
      'data/big.bin': 'x',
      '.runctl/up.json': 'secret',
    });
    expect(await list(folder)).toEqual(['.gitignore', 'train.py']);
  });

  test('a link goes along as a link, and a loop of links ends', async () => {
    const folder = temporaryFolder({ 'train.py': 'x' });
    symlinkSync('.', path.join(folder, 'loop'));
    symlinkSync('train.py', path.join(folder, 'alias.py'));
    expect(await list(folder)).toEqual(['alias.py', 'loop', 'train.py']);
    const { content } = await pack(folder);
    const archive = path.join(temporaryFolder(), 'a.tar.gz');
    writeFileSync(archive, content);
    const listed = execFileSync('tar', ['-tvzf', archive], { encoding: 'utf8' });
    expect(listed).toContain('alias.py -> train.py');
  });

  test('two names of one file are two files', async () => {
    const folder = temporaryFolder({ 'a.py': 'x', 'z/train.py': 'y' });
    const apart = await pack(temporaryFolder({ 'a.py': 'x', 'b.py': 'x', 'z/train.py': 'y' }));
    linkSync(path.join(folder, 'a.py'), path.join(folder, 'b.py'));
    expect((await pack(folder)).sha256).toBe(apart.sha256);
  });
});

describe('the archive', () => {
  test('equal code gives equal bytes, wherever and whenever it lies', async () => {
    const one = repository({ 'b/train.py': 'x', 'a.py': 'y' });
    const other = path.join(temporaryFolder(), 'elsewhere');
    cpSync(one, other, { recursive: true });
    utimesSync(path.join(other, 'a.py'), new Date(0), new Date(0));
    chmodSync(path.join(other, 'a.py'), 0o600);
    const [first, second] = [await pack(one), await pack(other)];
    expect(second.sha256).toBe(first.sha256);
    expect(second.content.equals(first.content)).toBe(true);
  });

  test('another content, another name, or another right to run it gives another hash', async () => {
    const hashes = await Promise.all(
      [{ 'a.py': 'x' }, { 'a.py': 'y' }, { 'b.py': 'x' }].map(async (files) => {
        return (await pack(temporaryFolder(files))).sha256;
      }),
    );
    const runnable = temporaryFolder({ 'a.py': 'x' });
    chmodSync(path.join(runnable, 'a.py'), 0o755);
    hashes.push((await pack(runnable)).sha256);
    expect(new Set(hashes).size).toBe(4);
  });

  test('nothing of this machine is in it', async () => {
    const folder = temporaryFolder({ 'train.py': 'x' });
    const bytes = gunzipSync((await pack(folder)).content).toString('latin1');
    expect(bytes).not.toContain(folder);
    expect(bytes).not.toContain(process.env['USER'] ?? 'no user');
  });

  test('code that is too large is refused, with its largest files', async () => {
    const folder = temporaryFolder({ 'train.py': 'x', 'data.bin': 'x'.repeat(2 * megabyte) });
    await expect(pack(folder)).rejects.toMatchObject({
      code: 'code-too-large',
      why: expect.stringContaining('2.0 MB  data.bin') as string,
    });
  });
});

describe('the project of a script', () => {
  test('is the nearest repository', () => {
    const folder = repository({ 'src/train.py': 'x' });
    expect(findProject('src/train.py', folder)).toEqual({ root: folder, script: 'src/train.py' });
    expect(findProject('train.py', path.join(folder, 'src'))).toEqual({
      root: folder,
      script: 'src/train.py',
    });
  });

  test('is the folder of the script without one', () => {
    const folder = temporaryFolder({ 'src/train.py': 'x' });
    expect(findProject('src/train.py', folder)).toEqual({
      root: path.join(folder, 'src'),
      script: 'train.py',
    });
  });

  test('reached by a link is still the repository', () => {
    const folder = repository({ 'src/train.py': 'x' });
    const link = path.join(temporaryFolder(), 'link');
    symlinkSync(path.join(folder, 'src'), link);
    expect(findProject('train.py', link)).toEqual({ root: folder, script: 'src/train.py' });
  });

  test.each([
    ['missing.py', 'there is no missing.py.'],
    ['empty.py', 'empty.py is empty.'],
    ['folder', 'folder is not a file.'],
  ])('cannot be made of %s', (script, message) => {
    const folder = temporaryFolder({ 'empty.py': '', 'folder/x': 'x' });
    expect(() => findProject(script, folder)).toThrow(message);
  });
});
