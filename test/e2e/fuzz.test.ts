import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import fc from 'fast-check';
import { commands, histories, objects, type Place } from './support/every-place';
import { oddProject, type OddProject } from './support/odd-texts';
import { SecretSearch } from './support/secret-search';
import { Stack, type Ran } from './support/stack';
import { awaitTold, tellingScript, type Told } from './support/told';

/**
 * What goes from the user to the script and back: code, arguments, environment, secrets, data, outputs. Nothing on the way
 * reads it, changes it, or keeps a secret.
 */
let stack: Stack;
let s3: S3Client;
let ssm: SSMClient;
let fuzzed: Promise<void>;
let resumed: ReturnType<typeof trainWithData>;
let refused: Promise<readonly Ran[]>;

beforeAll(async () => {
  stack = await Stack.start();
  const { awsEndpointUrl: endpoint, region, accessKeyId, secretAccessKey } = stack.up;
  const config = { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
  s3 = new S3Client({ ...config, forcePathStyle: true });
  ssm = new SSMClient(config);
  // All at the same time: they mostly wait. Each test awaits its own.
  const inTime = <T>(story: Promise<T>): Promise<T> => {
    story.catch(() => undefined);
    return story;
  };
  fuzzed = inTime(fuzz());
  resumed = inTime(trainWithData());
  refused = inTime(trainWithoutHope());
}, 60_000);

afterAll(async () => {
  await Promise.allSettled([fuzzed, resumed, refused]);
  s3.destroy();
  ssm.destroy();
  await stack.close();
}, 240_000);

test(
  'whatever a user names or writes reaches the script as it is, and a secret stays nowhere else',
  () => fuzzed,
  180_000,
);

test('data is there, and outputs outlive an interruption and come back', async () => {
  const { state, outcomes, results } = await resumed;
  expect({ state, outcomes }).toEqual({
    state: 'completed',
    outcomes: ['interrupted', 'completed'],
  });
  expect(results).toEqual({
    'results/attempt 1.txt': 'a b.txt=1;deep/ü=2',
    'results/attempt 2.txt': "['attempt 1.txt']",
  });
}, 240_000);

test('what a script cannot have fails the run at once, by name', async () => {
  const [packages, secret, data, code] = await refused;
  for (const [ran, failure, words] of [
    [packages, 'dependencies-failed', /No matching distribution found for no-such-package/],
    [secret, 'secret-missing', /SSM parameter \/no\/such in .*\) is not there/],
    [data, 'data-missing', /there is nothing under s3:\/\/.*\/no-data/],
  ] as const) {
    expect(ran?.stdout).toContain(failure);
    expect(ran?.stdout).toMatch(words);
    expect(ran?.exitCode).toBe(1);
  }
  expect(code?.exitCode).toBe(2);
  expect(code?.stderr).toMatch(/secret-in-code[^]*\.env looks like environment variables/);
  for (const name of ['packages', 'secret', 'data']) {
    expect((await stack.client.status(name)).attempts).toHaveLength(1);
  }
  const log = await stack.runctl(['aws', 'monitor', 'packages', '--lines', 'all']);
  expect(log.stdout).toMatch(/^runctl: installing what requirements.txt names[^]*no-such/m);
}, 240_000);

/** Several projects at the same time, once: an example of fast-check is a whole batch. */
function fuzz(): Promise<void> {
  const batch = fc.array(oddProject, { minLength: 4, maxLength: 4 });
  return fc.assert(fc.asyncProperty(batch, checkBatch), { numRuns: 1, endOnFailure: true });
}

async function checkBatch(projects: readonly OddProject[]): Promise<void> {
  const marker = `SECRET${randomBytes(12).toString('hex')}`;
  const search = new SecretSearch(marker);
  const told = await Promise.all(projects.map((project, number) => play(project, number, marker)));
  for (const each of told) checkTold(each);
  // While the scripts run: they have the secrets in their environment, and that is all.
  expect(search.inProcesses('environ')).toHaveLength(projects.length);
  expect(search.inProcesses('cmdline')).toEqual([]);
  expect(search.inFiles(stack.folder)).toEqual([]);
  await Promise.all(told.map(({ runId }) => stack.client.stop(runId)));
  for (const { runId } of told) expect((await stack.ended(runId)).state).toBe('stopped');
  const places: Place[] = [...(await commands(ssm)), ...(await objects(s3, stack.up.bucket))];
  for (const { runId } of told) places.push(...(await histories(stack, runId)));
  expect(places.length).toBeGreaterThan(projects.length * 5);
  expect(places.filter(({ bytes }) => search.isIn(bytes)).map(({ name }) => name)).toEqual([]);
  expect(search.inFiles(stack.folder)).toEqual([]);
}

interface Played {
  readonly runId: string;
  readonly told: Told;
  readonly project: OddProject;
  readonly script: string;
  readonly files: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** A run of a fuzzed project, up to the moment when its script has told what it was given. */
async function play(project: OddProject, number: number, marker: string): Promise<Played> {
  const root = path.join(stack.folder, 'projects', String(number), project.folder);
  const script = `${project.scriptFolder}/${project.script}${project.isExecuted ? '' : '.py'}`;
  const others = project.files.filter(([name]) => name !== project.scriptFolder);
  const files = { ...Object.fromEntries(others), [script]: tellingScript };
  writeProject(root, files);
  const flags = Object.entries(project.environment).map(
    ([name, value]) => `--env=${name}=${value}`,
  );
  const secrets: Record<string, string> = {};
  for (const [name, [before, after]] of Object.entries(project.secrets)) {
    secrets[name] = before + marker + after;
    const Name = `/fuzz/${number}/${name}`;
    await ssm.send(new PutParameterCommand({ Name, Value: secrets[name], Type: 'SecureString' }));
    flags.push(`--secret=${name}=ssm:${Name}`);
  }
  const runId = await stack.train(`fuzz-${number}`, {
    script: path.join(root, script),
    scriptArgs: project.args,
    flags,
  });
  return { runId, told: await awaitTold(stack, runId), project, script, files, secrets };
}

function checkTold({ told, project, script, files, secrets }: Played): void {
  expect(told.argv).toEqual([`${told.cwd}/${script}`, ...project.args]);
  expect(told.cwd).toBe(path.join(path.dirname(told.checkpoints), 'code'));
  expect(told.environment).toEqual(project.environment);
  expect(told.files).toEqual(files);
  const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
  const digests = Object.entries(secrets).map(([name, value]) => [name, digest(value)] as const);
  expect(told.secrets).toEqual(Object.fromEntries(digests));
}

function writeProject(root: string, files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
  }
  execFileSync('git', ['init', '--quiet', root]);
}

const usesData = `
import os, sys, time
data, outputs, number = (os.environ["RUNCTL_" + name] for name in ("DATA_DIR", "OUTPUT_DIR", "ATTEMPT"))
seen = sorted(os.listdir(outputs))
found = [os.path.join(folder, name) for folder, _, names in os.walk(data) for name in names]
text = ";".join(sorted(os.path.relpath(path, data) + "=" + open(path).read() for path in found))
with open(os.path.join(outputs, "attempt %s.txt" % number), "w") as file:
    file.write(text if number == "1" else repr(seen))
for step in range(1, 1000 if number == "1" else 3):
    print("step %d/1000" % step, flush=True)
    time.sleep(0.05)
`;

async function trainWithData() {
  const { bucket: Bucket } = stack.up;
  for (const [name, Body] of [
    ['a b.txt', '1'],
    ['deep/ü', '2'],
    ['deep/', ''],
  ] as const) {
    const object = { Bucket, Key: `data/${name}`, Body: Buffer.from(Body) };
    await s3.send(new PutObjectCommand(object));
  }
  const root = path.join(stack.folder, 'with-data');
  writeProject(root, { 'train.py': usesData });
  const flags = ['--data-s3', `s3://${Bucket}/data`, '--output-s3', `s3://${Bucket}/results/`];
  const script = path.join(root, 'train.py');
  const runId = await stack.train('with-data', { script, scriptArgs: [], flags });
  const instanceId = await stack.training(runId, 1, 2);
  await stack.runctl(['local', 'interrupt', instanceId, '--notice-seconds', '20']);
  const run = await stack.ended(runId);
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'results/' }));
  const results: Record<string, string> = {};
  for (const { Key = '' } of Contents) {
    const reply = await s3.send(new GetObjectCommand({ Bucket, Key }));
    results[Key] = (await reply.Body?.transformToString()) ?? '';
  }
  return { state: run.state, outcomes: run.attempts.map(({ outcome }) => outcome), results };
}

/** Runs that cannot begin, with `--wait`: packages, a secret, data that are not there, and a secret in the code. */
function trainWithoutHope(): Promise<readonly Ran[]> {
  const train = (name: string, files: Readonly<Record<string, string>>, ...flags: string[]) => {
    const root = path.join(stack.folder, 'hopeless', name);
    writeProject(root, { 'train.py': 'print("never")\n', ...files });
    const where = ['aws', 'train', path.join(root, 'train.py'), '--name', name, '--wait'];
    return stack.runctl([...where, '--instance-type', 'g5.xlarge', ...flags]);
  };
  return Promise.all([
    train('packages', { 'requirements.txt': '--no-index\nno-such-package\n' }),
    train('secret', {}, '--secret', 'KEY=ssm:/no/such'),
    train('data', {}, '--data-s3', `s3://${stack.up.bucket}/no-data`),
    train('code', { '.env': 'KEY=1\n' }),
  ]);
}
