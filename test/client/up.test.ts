import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { isAlive, type LocalProcess } from '../../client/processes/process-identity';
import { startedProcesses, type UpFile } from '../../client/environment/up-file';
import { findTemporal } from '../support/temporal-server';
import { documentOf, runctl } from './support/command-line';
import { atEnd, temporaryFolder } from './support/temporary-folder';

jest.setTimeout(90_000);

const folder = temporaryFolder({ 'train.py': 'print("step 1/1")' });
/** A PATH on which the server is, wherever this machine has it. */
const environment = { PATH: `${path.dirname(findTemporal())}:${process.env['PATH'] ?? ''}` };
const run = (...args: string[]) => runctl(args, { folder, environment });

const upFile = (): UpFile =>
  // Written by the command under test; its fields are what the tests look at.
  JSON.parse(readFileSync(path.join(folder, '.runctl/up.json'), 'utf8')) as UpFile;

const living = (processes: readonly LocalProcess[]): number => processes.filter(isAlive).length;

atEnd(() => run('down'));

test('up starts everything, and says where it is to its owner only', async () => {
  const ended = await run('up', '--detach', '--output', 'json');
  expect(ended.stderr).not.toContain('invalid');
  const written = upFile();
  expect(documentOf(ended)).toEqual(written);
  expect(living(startedProcesses(written))).toBe(4);
  expect(statSync(path.join(folder, '.runctl/up.json')).mode & 0o777).toBe(0o600);
  const page = await fetch(written.webUiUrl ?? '');
  expect(page.status).toBe(200);
});

test('a second up in the same folder says that it is up already', async () => {
  const { code, stderr } = await run('up');
  expect(code).toBe(7);
  expect(stderr).toContain(`already-up: it is up already in ${folder}.`);
});

test('env prints lines that a shell takes over as they are, whatever it was set to before', async () => {
  const before = { ...environment, AWS_PROFILE: 'work', AWS_SESSION_TOKEN: 'old' };
  const { stdout } = await runctl(['env'], { folder, environment: before });
  const values =
    '$AWS_SECRET_ACCESS_KEY $AWS_DEFAULT_REGION $AWS_PROFILE$AWS_SESSION_TOKEN$TEMPORAL_ADDRESS';
  const shell = spawnSync('sh', ['-c', `${stdout}\nprintf '%s' "${values}"`], {
    encoding: 'utf8',
    env: before,
  });
  const { secretAccessKey, region, temporalAddress } = upFile();
  expect(shell.stdout).toBe(`${secretAccessKey ?? ''} ${region} ${temporalAddress}`);
});

test('local status, list and doctor work from a folder below', async () => {
  const below = path.join(folder, '.runctl');
  const status = await runctl(['local', 'status', '--output', 'json'], { folder: below });
  expect(documentOf(status)).toMatchObject({ instances: [], billUsd: 0 });
  const doctor = await runctl(['doctor'], { folder: below, environment });
  expect(doctor).toMatchObject({ code: 0 });
});

test('a run or an instance that is not there is told, with its own exit code', async () => {
  expect(await run('aws', 'status', 'nobody')).toMatchObject({ code: 3, stdout: '' });
  expect(await run('aws', 'stop', 'i-0123456789abcdef0')).toMatchObject({ code: 3 });
  expect(await run('local', 'kill', 'i-0123456789abcdef0')).toMatchObject({ code: 3 });
});

test('problems of a spec are told in the words of the command line', async () => {
  const { code, stderr } = await run(
    ...['aws', 'train', 'train.py', '--name', 'a b', '--instance-type', 'huge'],
    ...['--checkpoint-keep-last', '0', '--env', 'RUNCTL_RUN_ID=x'],
  );
  expect(code).toBe(2);
  for (const place of ['--name:', '--instance-type:', '--checkpoint-keep-last:', '--env']) {
    expect(stderr).toContain(place);
  }
});

interface WrongAccount {
  readonly what: string;
  readonly change: NodeJS.ProcessEnv;
  readonly code: string;
  readonly exitCode: number;
  readonly next: string;
}

const wrongAccounts: readonly WrongAccount[] = [
  {
    what: 'a bucket that is not there',
    change: { RUNCTL_BUCKET: 'no-such-bucket' },
    code: 'bucket-missing',
    exitCode: 6,
    next: 'Create the bucket',
  },
  {
    what: 'wrong credentials',
    change: { AWS_SECRET_ACCESS_KEY: 'wrong' },
    code: 'not-authorized',
    exitCode: 4,
    next: 'aws sts get-caller-identity',
  },
  {
    what: 'no credentials',
    change: { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' },
    code: 'no-credentials',
    exitCode: 4,
    next: 'aws sso login',
  },
  {
    what: 'an endpoint where nobody answers',
    change: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
    code: 'aws-unavailable',
    exitCode: 6,
    next: 'check the network and AWS_ENDPOINT_URL',
  },
  {
    what: 'a namespace that is not there',
    change: { TEMPORAL_NAMESPACE: 'no-such-namespace' },
    code: 'temporal-unreachable',
    exitCode: 5,
    next: 'temporal operator namespace create',
  },
];

test.each(wrongAccounts)(
  '$what: the training is refused with what to do, and nothing is started',
  async ({ change, code, exitCode, next }) => {
    const { accessKeyId, secretAccessKey, ...up } = upFile();
    const account = {
      AWS_ENDPOINT_URL: up.awsEndpointUrl ?? '',
      AWS_REGION: up.region,
      AWS_ACCESS_KEY_ID: accessKeyId ?? '',
      AWS_SECRET_ACCESS_KEY: secretAccessKey ?? '',
      RUNCTL_BUCKET: up.bucket,
      TEMPORAL_ADDRESS: up.temporalAddress,
      TEMPORAL_NAMESPACE: up.temporalNamespace,
    };
    const ended = await runctl(
      ['aws', 'train', 'train.py', '--cloud', 'aws', '--instance-type', 'g5.xlarge'],
      { folder, environment: { ...environment, ...account, ...change } },
    );
    expect(ended.code).toBe(exitCode);
    expect(ended.stderr).toContain(`${code}: `);
    expect(ended.stderr).toContain(next);
    expect(documentOf(await run('aws', 'list', '--output', 'json'))).toEqual({
      runs: [],
      warnings: [],
    });
  },
);

test('after a kill -9 of up, down finds and ends what it left', async () => {
  const { pids } = upFile();
  process.kill(pids.up.pid, 'SIGKILL');
  const second = await run('up');
  expect(second.stderr).toContain('was killed, and parts of it still run');
  const all = startedProcesses(upFile());
  expect((await run('down')).code).toBe(0);
  expect(living(all)).toBe(0);
  expect(existsSync(path.join(folder, '.runctl/up.json'))).toBe(false);
});

test('a port that is taken is refused before anything is started', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  // A server that listens on a port has an address that is no string.
  const { port } = holder.address() as AddressInfo;
  const ended = await run('up', '--detach', '--port', String(port));
  holder.close();
  expect(ended.code).toBe(7);
  expect(ended.stderr).toContain(`port-taken: port ${port} on 127.0.0.1 is in use.`);
  expect(existsSync(path.join(folder, '.runctl/up.json'))).toBe(false);
});
