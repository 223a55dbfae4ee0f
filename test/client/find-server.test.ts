import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { findServerProgram } from '../../client/temporal-server/find-server';
import { temporaryFolder } from './support/temporary-folder';

/** A program that answers `--version` as the real one does. */
const fakeTemporal = (name: string): string =>
  `#!/bin/sh\n[ "$1" = --version ] && echo "temporal version ${name} (Server 1.29.1, UI 2.42.1)"\n`;

/** Nobody listens there: what the internet looks like without a network. */
const nowhere = 'http://127.0.0.1:1';

function folderWith(programs: Record<string, string>): string {
  const folder = temporaryFolder(programs);
  for (const name of Object.keys(programs)) chmodSync(path.join(folder, name), 0o755);
  return folder;
}

/** A machine of its own: what is on PATH, and an empty cache. */
function machine(programs: Record<string, string>, releasesUrl = nowhere) {
  const home = temporaryFolder();
  const PATH = `${folderWith(programs)}:/usr/bin:/bin`;
  const said: string[] = [];
  return {
    cached: path.join(home, 'cache/runctl/bin/temporal'),
    said,
    find: () =>
      findServerProgram({
        environment: { HOME: home, XDG_CACHE_HOME: path.join(home, 'cache'), PATH },
        say: (text) => said.push(text),
        releasesUrl,
      }),
  };
}

/** Waits a moment, so that two builds would overlap, counts itself, and leaves a program in GOBIN. */
const fakeGo = (counter: string): string =>
  `#!/bin/sh\necho "$2" >>'${counter}'\nsleep 0.5\nprintf '%s' '${fakeTemporal('built')}' >"$GOBIN/temporal"\nchmod 755 "$GOBIN/temporal"\n`;

let releases: Server | undefined;

afterEach(() => {
  releases?.close();
  releases?.closeAllConnections();
  releases = undefined;
});

async function serveRelease(change: (checksum: string) => string): Promise<string> {
  const folder = folderWith({ temporal: fakeTemporal('downloaded') });
  const archive = path.join(temporaryFolder(), 'a.tar.gz');
  execFileSync('tar', ['-czf', archive, '-C', folder, 'temporal']);
  const content = readFileSync(archive);
  const checksum = change(createHash('sha256').update(content).digest('hex'));
  const name = `temporal_cli_1.5.1_linux_${process.arch === 'arm64' ? 'arm64' : 'amd64'}.tar.gz`;
  const server = createServer((request, response) => {
    if (request.url === '/v1.5.1/checksums.txt') response.end(`${checksum}  ${name}\n`);
    else if (request.url === `/v1.5.1/${name}`) response.end(content);
    else response.writeHead(404).end();
  });
  releases = server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has an address that is no string.
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('the one on PATH is used first, and its version is told', async () => {
  const { find, cached } = machine({ temporal: fakeTemporal('1.2.3') });
  expect(await find()).toMatchObject({
    source: 'PATH',
    version: 'temporal version 1.2.3 (Server 1.29.1, UI 2.42.1)',
  });
  expect(existsSync(cached)).toBe(false);
});

test('another program of that name is not taken for it', async () => {
  const counter = path.join(temporaryFolder(), 'count');
  const { find } = machine({ temporal: '#!/bin/sh\necho something else\n', go: fakeGo(counter) });
  expect(await find()).toMatchObject({ source: 'go install' });
});

test('the release is downloaded and kept when there is internet', async () => {
  const { find, cached } = machine({}, await serveRelease((checksum) => checksum));
  expect(await find()).toMatchObject({ source: 'download', file: cached });
  releases?.close();
  expect(await find()).toMatchObject({ source: 'cache', file: cached });
});

test('a download that is not what the release says is thrown away', async () => {
  const counter = path.join(temporaryFolder(), 'count');
  const url = await serveRelease(() => 'f'.repeat(64));
  const { find, said } = machine({ go: fakeGo(counter) }, url);
  expect(await find()).toMatchObject({ source: 'go install' });
  expect(said.join('\n')).toContain(`not ${'f'.repeat(64)}`);
});

test('without internet it is built with Go, and progress is shown', async () => {
  const counter = path.join(temporaryFolder(), 'count');
  const { find, said } = machine({ go: fakeGo(counter) });
  expect(await find()).toMatchObject({ source: 'go install' });
  expect(readFileSync(counter, 'utf8')).toBe('github.com/temporalio/cli/cmd/temporal@v1.5.1\n');
  expect(said.join('\n')).toContain('Building the Temporal server 1.5.1 with Go');
});

test('of two that need it at the same moment one builds and the other uses that', async () => {
  const counter = path.join(temporaryFolder(), 'count');
  const { find } = machine({ go: fakeGo(counter) });
  const found = await Promise.all([find(), find()]);
  expect(found.map(({ source }) => source).sort()).toEqual(['cache', 'go install']);
  expect(readFileSync(counter, 'utf8').trim().split('\n')).toHaveLength(1);
});

test('the lock of a process that died is no lock', async () => {
  const counter = path.join(temporaryFolder(), 'count');
  const { find, cached } = machine({ go: fakeGo(counter) });
  await find();
  execFileSync('rm', [cached]);
  writeFileSync(
    path.join(path.dirname(cached), 'install.lock'),
    JSON.stringify({ pid: process.pid, startTime: 'another process had this pid' }),
  );
  expect(await find()).toMatchObject({ source: 'go install' });
});

test('when nothing works, it says why each way failed, and the three ways out', async () => {
  const { find } = machine({ go: '#!/bin/sh\necho "go: no space left" >&2\nexit 1\n' });
  await expect(find()).rejects.toMatchObject({
    code: 'temporal-server-missing',
    why: expect.stringMatching(
      /no `temporal` on PATH(.|\n)*download: (.|\n)*no space left/,
    ) as string,
    next: expect.stringMatching(/1\. Install(.|\n)*2\. Point(.|\n)*3\. Install Go/) as string,
  });
});
