import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RunSnapshot } from '../../client';
import { startContainerEngine, type TestEngine } from '../support/container-engine';
import { Stack } from './support/stack';
import { playTogether } from './support/together';
import { trainAlone } from './support/train-alone';
import { waitFor } from './support/wait-for';

/** A training in a container is the same training: same model, same endings, nothing left behind. On a real engine. */
const totalSteps = 240;
const scriptArgs = ['--steps', String(totalSteps), '--checkpoint-every', '20'];

interface Story {
  readonly title: string;
  readonly play: (there: Place) => Promise<void>;
}

interface Place {
  readonly stack: Stack;
  readonly engine: TestEngine;
}

const stories: readonly Story[] = [
  { title: 'after a notice and a sudden death the model is bit-identical', play: interrupted },
  {
    title: 'a Dockerfile is built, pushed, pulled with the role, and trained in',
    play: dockerfile,
  },
  { title: 'a killed supervisor does not hide the exit code', play: supervisorKilled },
  { title: 'stop --force ends a script that ignores SIGTERM', play: forced },
  { title: 'the role of the instance is out of reach unless it is passed', play: metadata },
  { title: 'an image that is nowhere fails the run with its name', play: noImage },
];

let engine: TestEngine | null;
let imagesBefore: readonly string[];
let stack: Stack | undefined;
let ends: readonly Promise<void>[] = [];

beforeAll(async () => {
  engine = await startContainerEngine();
  if (engine === null) return;
  imagesBefore = await imagesOf(engine);
  stack = await Stack.start({ more: { DOCKER_HOST: engine.address } });
  const there = { stack, engine };
  ends = playTogether(stories, 3, ({ play }) => play(there));
}, 120_000);

afterAll(async () => {
  await Promise.allSettled(ends);
  await stack?.close();
  await engine?.close();
}, 120_000);

test.each(stories.map(({ title }, index) => ({ title, index })))(
  'in a container: $title',
  async ({ index }) => {
    // Without an engine it was said aloud that nothing of this is tested.
    if (engine !== null) await ends[index];
  },
  300_000,
);

test('in a container: no ending leaves a container, or an image that was downloaded', async () => {
  if (engine === null) return;
  await Promise.allSettled(ends);
  expect(await engine.docker('ps', '--all', '--quiet', '--filter', 'label=runctl.run-id')).toBe('');
  expect(await imagesOf(engine)).toEqual(imagesBefore);
});

async function interrupted({ stack, engine }: Place): Promise<void> {
  const runId = await stack.train('boxed', {
    scriptArgs: [...scriptArgs, '--step-seconds', '0.1'],
    flags: ['--docker-image', engine.image],
  });
  const first = await stack.training(runId, 1, 10);
  expect(await containersOf(engine, runId)).toEqual([`runctl-${runId}-1`]);
  await stack.runctl(['local', 'interrupt', first, '--notice-seconds', '8']);
  const second = await stack.training(runId, 2, 45);
  await stack.cloudAdmin.kill(second);
  await waitFor(`the end of the container of ${second}`, async () => {
    const names = await containersOf(engine, runId);
    return names.includes(`runctl-${runId}-2`) ? undefined : true;
  });
  const run = await stack.ended(runId);
  expect(outcomes(run)).toEqual(['interrupted', 'instance-lost', 'completed']);
  expect(run.attempts[1]?.fromStep).toBeGreaterThanOrEqual(10);
  expect(run.attempts[2]?.fromStep).toBeGreaterThanOrEqual(40);
  const uninterrupted = trainAlone(totalSteps, scriptArgs);
  expect(await stack.checkpointFileSha256(runId, 'model.json')).toBe(uninterrupted);
}

async function dockerfile({ stack, engine }: Place): Promise<void> {
  const script = write(stack, 'built', {
    'train.py': 'print("baked in:", open("/baked-in.txt").read(), flush=True)\n',
    'baked-in.txt': 'a fact of the image',
    Dockerfile: `FROM ${engine.image}\nCOPY baked-in.txt /baked-in.txt\n`,
  });
  // The instance uses the engine on which the image is built, so what was built goes before there is an instance.
  await stack.runctl(['local', 'fault', 'capacity-shortage', '--instance-type', 'm5.large']);
  const file = path.join(path.dirname(script), 'Dockerfile');
  const { runId } = await stack.runctlJson<{ runId: string }>([
    ...['aws', 'train', script, '--name', 'built', '--instance-type', 'm5.large'],
    ...['--dockerfile', file],
  ]);
  await stack.reaches(runId, 'a shortage', ({ state }) => state === 'waiting-for-capacity');
  const repository = `${new URL(stack.up.awsEndpointUrl).host}/runctl/built`;
  const names = () => engine.docker('images', '--quiet', repository);
  await engine.docker('image', 'rm', '--force', await names());
  await stack.runctl(['local', 'fault', 'clear']);
  expect((await stack.ended(runId)).state).toBe('completed');
  expect(await logOf(stack, runId)).toContain('baked in: a fact of the image');
  // Downloaded for the run, and taken away with it.
  expect(await names()).toBe('');
}

async function supervisorKilled({ stack, engine }: Place): Promise<void> {
  const script = write(stack, 'killed', {
    'train.py': [
      'import os, sys, time',
      'for step in range(1, 1000):',
      '    print(f"step {step}/1000", flush=True)',
      '    if os.path.exists("../enough"): sys.exit(3)',
      '    time.sleep(0.05)',
    ].join('\n'),
  });
  const runId = await stack.train('killed', {
    script,
    scriptArgs: [],
    flags: ['--docker-image', engine.image, '--max-errors', '0'],
  });
  const instanceId = await stack.training(runId, 1, 3);
  const folder = trainingFolder(stack, instanceId);
  const { supervisor } = JSON.parse(readFileSync(path.join(folder, 'report.json'), 'utf8')) as {
    supervisor: { pid: number };
  };
  process.kill(supervisor.pid, 'SIGKILL');
  writeFileSync(path.join(folder, 'enough'), '');
  const run = await stack.ended(runId);
  expect(run.state).toBe('failed');
  expect(run.message).toContain('exit code 3');
  const lines = (await logOf(stack, runId)).split('\n').filter((line) => line.startsWith('step '));
  expect(lines).toEqual(lines.map((_, index) => `step ${index + 1}/1000`));
}

async function forced({ stack, engine }: Place): Promise<void> {
  const script = write(stack, 'forced', {
    'train.py': [
      'import signal, time',
      'signal.signal(signal.SIGTERM, signal.SIG_IGN)',
      'for step in range(1, 6000):',
      '    print(f"step {step}/6000", flush=True)',
      '    time.sleep(0.1)',
    ].join('\n'),
  });
  const runId = await stack.train('forced', {
    script,
    scriptArgs: [],
    flags: ['--docker-image', engine.image],
  });
  await stack.training(runId, 1, 3);
  expect(await stack.runctl(['aws', 'stop', runId, '--force'])).toMatchObject({ exitCode: 0 });
  expect(outcomes(await stack.ended(runId))).toEqual(['stopped']);
}

/** Looks for the role where a program may: where it is told to, and on every port of the machine. */
const THIEF = `
import json, os, re, urllib.request
from concurrent.futures import ThreadPoolExecutor

def ask(origin, path, method="GET", **headers):
    request = urllib.request.Request(origin + path, method=method, headers=headers)
    return urllib.request.urlopen(request, timeout=3).read().decode()

def instance_of_role(origin):
    try:
        ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
        token = {"X-aws-ec2-metadata-token": ask(origin, "/latest/api/token", "PUT", **ttl)}
        roles = "/latest/meta-data/iam/security-credentials/"
        secret = json.loads(ask(origin, roles + ask(origin, roles, **token), **token))["SecretAccessKey"]
        return ask(origin, "/latest/meta-data/instance-id", **token) if secret else None
    except (OSError, ValueError):
        return None

ports = {int(port, 16) for port in re.findall(r" 0100007F:([0-9A-F]{4}) [0-9A-F:]+ 0A ", open("/proc/net/tcp").read())}
origins = ["http://127.0.0.1:%d" % port for port in ports]
with ThreadPoolExecutor(32) as pool:
    found = [each for each in pool.map(instance_of_role, origins) if each]
told = os.environ.get("AWS_EC2_METADATA_SERVICE_ENDPOINT")
print(json.dumps({"told": told and instance_of_role(told), "found": found, "ports": len(ports)}))
`;

async function metadata({ stack, engine }: Place): Promise<void> {
  const script = write(stack, 'thief', { 'train.py': THIEF });
  const ask = async (access: 'blocked' | 'passed') => {
    const flags = ['--docker-image', engine.image, '--docker-metadata', access];
    const runId = await stack.train(access, { script, scriptArgs: [], flags });
    const run = await stack.ended(runId);
    expect(run.state).toBe('completed');
    const lines = (await logOf(stack, runId)).split('\n');
    const said = JSON.parse(lines.find((line) => line.startsWith('{')) ?? '') as {
      told: string | null;
      found: string[];
      ports: number;
    };
    return { ...said, own: run.attempts[0]?.instanceId ?? '' };
  };
  const [passed, blocked] = await Promise.all([ask('passed'), ask('blocked')]);
  expect(passed.told).toBe(passed.own);
  expect(blocked.told).toBeNull();
  expect(blocked.ports).toBeGreaterThan(1);
  expect(blocked.found).not.toContain(blocked.own);
}

async function noImage({ stack }: Place): Promise<void> {
  const image = `${new URL(stack.up.awsEndpointUrl).host}/runctl/nothing:1`;
  const script = write(stack, 'nowhere', { 'train.py': 'print("never")\n' });
  const ran = await stack.runctl([
    ...['aws', 'train', script, '--instance-type', 'g5.xlarge', '--docker-image', image, '--wait'],
  ]);
  expect(ran.exitCode).not.toBe(0);
  expect(ran.stdout).toContain('image-unavailable');
  expect(ran.stdout).toContain(image);
}

/** Writes the files of a project; returns the script. */
function write(stack: Stack, name: string, files: Readonly<Record<string, string>>): string {
  const folder = path.join(stack.folder, 'projects', name);
  mkdirSync(folder, { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(path.join(folder, file), text);
  return path.join(folder, 'train.py');
}

const trainingFolder = (stack: Stack, instanceId: string): string =>
  path.join(stack.folder, '.runctl/local-cloud/instances', instanceId, 'var/lib/runctl/training');

const imagesOf = async (engine: TestEngine): Promise<string[]> =>
  (await engine.docker('images', '--format', '{{.Repository}}:{{.Tag}}')).split('\n').toSorted();

async function containersOf(engine: TestEngine, runId: string): Promise<string[]> {
  const label = `label=runctl.run-id=${runId}`;
  const said = await engine.docker('ps', '--all', '--filter', label, '--format', '{{.Names}}');
  return said === '' ? [] : said.split('\n');
}

async function logOf(stack: Stack, runId: string): Promise<string> {
  const { stdout } = await stack.runctl(['aws', 'monitor', runId, '--lines', 'all']);
  return stdout;
}

const outcomes = ({ attempts }: RunSnapshot) => attempts.map(({ outcome }) => outcome);
