import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { stageCode, type StagingOptions } from '../../client/staging/stage-code';
import { list as listArchive } from 'tar';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { temporaryFolder } from './support/temporary-folder';

/** Stages a project as `train` does; the names that would lie in the bucket. */
async function stage(
  files: Readonly<Record<string, string>>,
  options: Partial<StagingOptions> & {
    readonly isTracked?: boolean;
    readonly folder?: string;
  } = {},
): Promise<string[]> {
  const folder = options.folder ?? temporaryFolder({ 'train.py': 'x', ...files });
  execFileSync('git', ['-C', folder, 'init', '--quiet']);
  if (options.isTracked === true) execFileSync('git', ['-C', folder, 'add', '--force', '.']);
  const names: string[] = [];
  const access = {
    storeCode: async (sha256: string, archive: Uint8Array) => {
      const reader = listArchive({ onReadEntry: (entry) => names.push(entry.path) });
      await pipeline(Readable.from([Buffer.from(archive)]), reader);
      return { sha256, sizeBytes: archive.byteLength };
    },
  };
  await stageCode(access, {
    script: 'train.py',
    folder,
    limitBytes: 1024 * 1024,
    include: [],
    includeSecretFiles: [],
    ...options,
  });
  return names.sort();
}

const pem = '-----BEGIN OPENSSH PRIVATE KEY-----\nx\n';

describe('a file that looks like a secret is refused', () => {
  test.each([
    ['.env', ''],
    ['config/.env', ''],
    ['.env.production', ''],
    ['.ENV', ''],
    ['.envrc', ''],
    ['server.pem', ''],
    ['deploy.key', ''],
    ['id_rsa', ''],
    ['keys/id_ed25519', ''],
    ['id_rsa.old', ''],
    ['credentials', ''],
    ['credentials.json', ''],
    ['.aws/config', ''],
    ['.ssh/config', ''],
    ['client.p12', ''],
    ['.netrc', ''],
    ['.npmrc', '//registry.example.org/:_authToken=abc\n'],
    ['.pypirc', '[pypi]\nusername = a\npassword = b\n'],
    ['gcp.json', '{"type": "service_account", "private_key": "x"}'],
    ['gcp.json', '{"private_key": "x", "type": "service_account"}'],
    ['deploy', pem],
    ['.docker/config.json', '{"auths": {"r": {"auth": "eDp5"}}}'],
  ])('%s', async (name, content) => {
    for (const isTracked of [false, true]) {
      await expect(stage({ [name]: content }, { isTracked })).rejects.toMatchObject({
        code: 'secret-in-code',
        why: expect.stringMatching(new RegExp(`^${name} looks like `)) as string,
        next: expect.stringContaining(`--include-secret-file ${name}`) as string,
      });
    }
  });

  test('every one is named, up to a bound', async () => {
    const files = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`key ${i}.pem`, '']));
    await expect(stage(files)).rejects.toMatchObject({
      message: '30 files of the code would give secrets away.',
      why: expect.stringMatching(/(.* looks like .*\n){20}and 10 more$/) as string,
      next: expect.stringContaining(`--include-secret-file 'key 0.pem'`) as string,
    });
  });

  test('unless git ignores it, or it was named', async () => {
    const files = { '.gitignore': '.env\n', '.env': '', 'certs/ca.pem': '', 'certs/own.pem': '' };
    await expect(stage(files)).rejects.toMatchObject({ code: 'secret-in-code' });
    const includeSecretFiles = ['certs/ca.pem', './certs/own.pem'];
    expect(await stage(files, { includeSecretFiles })).toEqual([
      '.gitignore',
      'certs/ca.pem',
      'certs/own.pem',
      'train.py',
    ]);
    // To name it is to want it, also where git would leave it behind.
    expect(
      await stage({ '.gitignore': '.env\n', '.env': '' }, { includeSecretFiles: ['.env'] }),
    ).toContain('.env');
  });

  test('--include does not let it pass', async () => {
    const files = { '.gitignore': '.env\n', '.env': '' };
    await expect(stage(files, { include: ['.env'] })).rejects.toMatchObject({
      code: 'secret-in-code',
    });
  });

  test.each(['*.pem', 'no-such.pem', '../outside.pem', '.git/config', '.', ''])(
    '--include-secret-file takes no pattern, and nothing that is no file of the project: "%s"',
    async (file) => {
      const parent = temporaryFolder({
        'project/train.py': 'x',
        'project/a.pem': '',
        'outside.pem': '',
      });
      await expect(
        stage({}, { folder: path.join(parent, 'project'), includeSecretFiles: [file] }),
      ).rejects.toMatchObject({
        code: 'invalid-input',
        message: expect.stringContaining(`got "${file}"`) as string,
      });
    },
  );
});

test.each([
  ['.env.example', 'KEY=\n'],
  ['environment.py', 'KEY = 1\n'],
  ['env', ''],
  ['monkey.py', ''],
  ['key.py', ''],
  ['credentials.py', ''],
  ['pem.txt', ''],
  [
    '.npmrc',
    'registry=https://registry.example.org/\n//registry.example.org/:_authToken=${NPM_TOKEN}\n',
  ],
  ['notes.md', `It begins with ${pem}`],
  ['data.json', '{"type": "service_account"}'],
])('%s is an ordinary file', async (name, content) => {
  expect(await stage({ [name]: content })).toContain(name);
});

describe('a link that leads out of the project is refused', () => {
  const outside = () => temporaryFolder({ 'secret.txt': 'x' });

  test.each([
    ['up', () => '..'],
    ['deep/up', () => '../../x'],
    ['abroad', outside],
    ['to-nothing', () => '/no/such/file'],
  ])('%s', async (name, target) => {
    const folder = temporaryFolder({ 'train.py': 'x', 'deep/a': '' });
    symlinkSync(target(), path.join(folder, name));
    await expect(stage({}, { folder })).rejects.toMatchObject({
      code: 'code-not-sendable',
      why: expect.stringContaining(`${name} -> `) as string,
    });
  });

  test('also over another link', async () => {
    const folder = temporaryFolder({ 'train.py': 'x', 'a/b/c': '' });
    symlinkSync('../..', path.join(folder, 'a/b/root'));
    symlinkSync('a/b/root/../..', path.join(folder, 'sly'));
    await expect(stage({}, { folder })).rejects.toMatchObject({ why: 'sly -> a/b/root/../..' });
  });

  test('but not one that stays inside, or leads to nothing, or in a circle', async () => {
    const folder = temporaryFolder({ 'train.py': 'x', 'deep/a': '' });
    for (const [name, target] of [
      ['alias', 'train.py'],
      ['deep/alias', '../train.py'],
      ['self', 'self'],
      ['folder', 'deep'],
      ['nothing', 'not-there'],
    ] as const) {
      symlinkSync(target, path.join(folder, name));
    }
    expect(await stage({}, { folder })).toHaveLength(7);
  });

  test('and not one that git ignores', async () => {
    const folder = temporaryFolder({ 'train.py': 'x', '.gitignore': '/data\n' });
    symlinkSync('/mnt/data', path.join(folder, 'data'));
    expect(await stage({}, { folder })).toEqual(['.gitignore', 'train.py']);
  });
});
