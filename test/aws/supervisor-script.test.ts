import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readAnswer } from '../../aws/supervisor-answer';
import { packSupervisor, type SupervisorPackage } from '../../aws/supervisor-package';
import { askScript, deliverScript, type SupervisorScript } from '../../aws/supervisor-script';

const run = promisify(execFile);

/** A supervisor that only tells how it was called. */
const main = `
import base64, json, sys
from runctl_supervisor.answers import answer
request = json.loads(base64.b64decode(sys.argv[5])) if len(sys.argv) > 5 else {}
answer(sys.argv[3], [sys.argv[1]] + request.get("scriptArgs", []))
`;
const answers = `
import json
def answer(nonce, removed):
    print(json.dumps({"nonce": nonce, "ok": True, "removed": removed}))
`;

let folder: string;
let root: string;
let server: Server;
let url: string;
let served: Uint8Array;
let supervisor: SupervisorPackage;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'runctl-script-'));
  await mkdir(join(folder, 'runctl_supervisor'));
  await writeFile(join(folder, '__main__.py'), main);
  await writeFile(join(folder, 'runctl_supervisor', '__init__.py'), '');
  await writeFile(join(folder, 'runctl_supervisor', 'answers.py'), answers);
  supervisor = await packSupervisor(folder);
  server = createServer((_, response) => response.end(served));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/s?a=1&b='2'`; // it listens on TCP
});

afterAll(async () => {
  server.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  served = supervisor.content;
  root = await mkdtemp(join(folder, 'instance-'));
});

/** As the SSM agent does: `sh -c <path>`, no HOME, its own PATH. */
async function onInstance(script: SupervisorScript, path = '/usr/bin:/bin') {
  const file = join(root, `${script.nonce}.sh`);
  await writeFile(file, script.text, { mode: 0o700 });
  const { stdout } = await run('/bin/sh', ['-c', file], {
    env: { RUNCTL_ROOT: root, PATH: path },
  });
  return readAnswer(stdout, script.nonce);
}

const deliver = (request: unknown) =>
  deliverScript('start', request, { url, sha256: supervisor.sha256 });

test('the first command puts the supervisor in place and asks it; later ones find it', async () => {
  const request = { scriptArgs: ['--name', `it's "quoted" $HOME \`x\`; ü\n{{ssm:p}}`] };
  expect(await onInstance(deliver(request))).toMatchObject({
    reply: { removed: ['start', ...request.scriptArgs] },
  });
  const name = `supervisor-${supervisor.sha256.slice(0, 16)}.pyz`;
  expect((await readdir(join(root, 'bin'))).sort()).toEqual([name, 'supervisor.pyz']);
  expect(await readlink(join(root, 'bin', 'supervisor.pyz'))).toBe(name);
  expect(await onInstance(askScript('status', null))).toMatchObject({
    reply: { removed: ['status'] },
  });
});

test('no user text is ever read by a shell', () => {
  expect(deliver({ scriptArgs: ['$(reboot)'] }).text).not.toContain('reboot');
});

test('delivered twice at the same moment it is there once', async () => {
  const both = await Promise.all([1, 2].map(() => onInstance(deliver({}))));
  expect(both.map((answer) => answer.kind)).toEqual(['answered', 'answered']);
  expect(await readdir(join(root, 'bin'))).toHaveLength(2);
});

test('a damaged download is refused and leaves nothing', async () => {
  served = supervisor.content.slice(0, -1);
  expect(await onInstance(deliver({}))).toMatchObject({ kind: 'refused', code: 'delivery-failed' });
  expect(await readdir(join(root, 'bin'))).toEqual([]);
});

test('a damaged supervisor on the disk is replaced', async () => {
  await mkdir(join(root, 'bin'));
  await writeFile(join(root, 'bin', `supervisor-${supervisor.sha256.slice(0, 16)}.pyz`), 'half');
  expect(await onInstance(deliver({}))).toMatchObject({ kind: 'answered' });
});

test('an instance that never had one says so', async () => {
  expect(await onInstance(askScript('status', null))).toMatchObject({ code: 'no-supervisor' });
});

test('an image without Python says so, and exits 0', async () => {
  const empty = await mkdtemp(join(folder, 'path-'));
  const script = askScript('status', null);
  // All folders with a Python hidden: the script appends the usual ones to the agent's PATH.
  const text = script.text.replace(/:\/usr\/local\/sbin[^"]*/, '');
  expect(await onInstance({ ...script, text }, empty)).toMatchObject({ code: 'no-python' });
});

test('equal sources give equal packages, without tests and caches', async () => {
  await mkdir(join(folder, 'tests'), { recursive: true });
  await writeFile(join(folder, 'tests', 'test_x.py'), 'raise SystemExit');
  expect((await packSupervisor(folder)).sha256).toBe(supervisor.sha256);
});
