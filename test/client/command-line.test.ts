import { documentOf, runctl } from './support/command-line';
import { temporaryFolder } from './support/temporary-folder';

const folder = temporaryFolder({ 'train.py': 'print(1)', '.runctl.toml': 'cloud = "local"' });
const run = (...args: string[]) => runctl(args, { folder });

test.concurrent(
  'an error says what happened, why, and what to do, on stderr, without a stack trace',
  async () => {
    const { code, stdout, stderr } = await run('aws', 'status', 'x');
    expect(code).toBe(6);
    expect(stdout).toBe('');
    expect(stderr).toContain('local-cloud-unreachable: no local cloud runs here.\n  why   ');
    expect(stderr).toContain('\n  next  Start it with `runctl up`.');
    expect(stderr).not.toContain('at ');
  },
);

test.concurrent('--output json gives exactly one document, also for an error', async () => {
  const ended = await run('aws', 'status', 'x', '--output', 'json');
  expect(documentOf(ended)).toEqual({
    error: {
      code: 'local-cloud-unreachable',
      message: 'no local cloud runs here.',
      why: expect.stringContaining('.runctl.toml:1 says local') as string,
      next: 'Start it with `runctl up`.',
    },
  });
});

test.concurrent('--debug shows where', async () => {
  const { stderr } = await run('aws', 'status', 'x', '--debug');
  expect(stderr).toMatch(/\n\s+at /);
});

test.concurrent('all problems of the arguments are told at once', async () => {
  const { code, stderr } = await run(
    ...['aws', 'train', '--spot', '--on-demand', '--env', 'novalue'],
    ...['--max-errors', 'many', '--fallback', 'moon'],
  );
  expect(code).toBe(2);
  expect(stderr).toContain('SCRIPT: expected the path of a script, got nothing');
  expect(stderr).toContain('--spot, --on-demand: expected one of the two, got both');
  expect(stderr).toContain('--env: expected KEY=VALUE, got "novalue"');
  expect(stderr).toContain('--max-errors: expected a whole number of at least 0, got "many"');
  expect(stderr).toContain('--fallback: expected on-demand or none, got "moon"');
});

test.concurrent('an option of the script that is not behind -- is explained', async () => {
  const { code, stderr } = await run('aws', 'train', 'train.py', '--epochs', '3');
  expect(code).toBe(2);
  expect(stderr).toContain("unknown option '--epochs'");
  expect(stderr).toContain('arguments of the script go behind `--`');
});

test.concurrent(
  'an operand behind the script, and a launch option beside an instance, are refused',
  async () => {
    const { stderr } = await run(
      ...['aws', 'train', 'i-0123456789abcdef0', 'train.py', 'more'],
      ...['--instance-type', 'g5.xlarge'],
    );
    expect(stderr).toContain('more: expected nothing behind the script');
    expect(stderr).toContain(
      '--instance-type: expected nothing about a launch beside the instance',
    );
    const mistyped = await run('aws', 'train', 'i-0123', 'train.py');
    expect(mistyped.stderr).toContain(
      'the instance: expected an id such as i-0123456789abcdef0, got "i-0123"',
    );
  },
);

test.concurrent.each([
  [['frob'], "unknown command 'frob'"],
  [['aws', 'monitor'], "missing required argument 'id'"],
  [['aws', 'list', '--output', 'yaml'], "argument 'yaml' is invalid"],
  [['up', '--port', '99999'], '--port: expected a whole number from 1 to 65535, got "99999"'],
])('%j is a usage error', async (args, message) => {
  const { code, stderr } = await run(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test.concurrent(
  'a server that does not answer is told within seconds, with its address',
  async () => {
    const { code, stderr } = await runctl(['aws', 'list', '--cloud', 'aws'], {
      folder: temporaryFolder(),
      environment: { TEMPORAL_ADDRESS: '127.0.0.1:1' },
    });
    expect(code).toBe(5);
    expect(stderr).toContain('no Temporal server answers at 127.0.0.1:1 (TEMPORAL_ADDRESS)');
  },
);

test.concurrent('without a word about the cloud nothing is guessed', async () => {
  const { code, stderr } = await runctl(['aws', 'list'], { folder: temporaryFolder() });
  expect(code).toBe(2);
  expect(stderr).toContain('cloud-not-chosen');
});

test.concurrent('help, version and exit codes go to stdout with 0', async () => {
  for (const args of [
    ['--help'],
    ['aws', 'train', '--help'],
    ['--version'],
    ['help', 'exit-codes'],
  ]) {
    const { code, stdout, stderr } = await run(...args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).not.toBe('');
  }
});

test.concurrent(
  'what is no instance id, type or name is refused before anything is asked of the cloud',
  async () => {
    const terminate = await run('aws', 'terminate', 'my-instance', '--yes');
    expect(terminate.code).toBe(2);
    expect(terminate.stderr).toContain('INSTANCE_ID: expected the id of an instance such as');
    const { code, stderr } = await run('aws', 'create', 'huge', '--name', 'a b');
    expect(code).toBe(2);
    expect(stderr).toContain(
      'INSTANCE_TYPE: expected an instance type such as "g5.xlarge", got "huge"',
    );
    expect(stderr).toContain('--name: expected at most 255 letters');
  },
);

test.concurrent('to create or start an instance no Temporal server has to be there', async () => {
  const { code, stderr } = await runctl(['aws', 'create', 'g5.xlarge', '--cloud', 'aws'], {
    folder: temporaryFolder(),
    environment: { AWS_REGION: 'us-east-1' },
  });
  expect(code).toBe(2);
  expect(stderr).toContain('invalid-input: not set: bucket, instance_profile.');
});

test.concurrent('down where nothing is up is no error', async () => {
  const ended = await run('down');
  expect(ended).toMatchObject({ code: 0, stdout: 'Nothing is up here.\n' });
});

test.concurrent(
  'doctor names what is missing and the command that fixes it, and ends with 1',
  async () => {
    const { code, stdout } = await run('doctor');
    expect(code).toBe(1);
    expect(stdout).toMatch(/ok +node/);
    expect(stdout).toMatch(/MISSING +environment.*\n +fix: Start it with `runctl up`/);
  },
);
