import { CreateMultipartUploadCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { RunInstancesCommand, type Tag } from '@aws-sdk/client-ec2';
import { resumeRun } from '../../client';
import type { InstanceUsage } from '../../client/runs/instance-usage';
import { RunSurvey, type SurveyOptions } from '../../client/runs/survey-runs';
import type { CleanupPlan } from '../../client/resources/plan-cleanup';
import { IMAGE_ID } from '../local-cloud/clients';
import { writeScript } from './support/scripts';
import { Stack, type Running } from './support/stack';
import { playTogether } from './support/together';
import { waitFor } from './support/wait-for';

/** What a person sees of runs and of what they hold: status, list, processes, resources, and a run from a checkpoint. */
let stack: Stack;

/** Counts twenty steps a second to its argument with a falling loss; saves every ten steps and at SIGTERM. */
const trainer = [
  'import os, pathlib, signal, sys, time',
  'total, resume = int(sys.argv[1]), os.environ.get("RUNCTL_RESUME_FROM")',
  'folder = pathlib.Path(os.environ["RUNCTL_CHECKPOINT_DIR"])',
  'step, asked = int(pathlib.Path(resume).read_text()) if resume else 0, []',
  'signal.signal(signal.SIGTERM, lambda *_: asked.append(1))',
  'print("began at", step, flush=True)',
  'while step < total and not asked:',
  '    step += 1',
  '    print(f"step {step}/{total} loss {100 / (step + 10):.4f}", flush=True)',
  '    time.sleep(0.05)',
  '    if step % 10 == 0 or asked or step == total:',
  '        (folder / ".saving").write_text(str(step))',
  '        os.rename(folder / ".saving", folder / f"step-{step}")',
];

const train = (name: string, totalSteps: number): Promise<string> =>
  stack.train(name, {
    script: writeScript(stack, 'counting', ...trainer),
    scriptArgs: [String(totalSteps)],
  });

/** The documents of a command with --watch, one a line. */
const documentsOf = <T>(running: Running): T[] =>
  running
    .stdout()
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as T);

interface Frame {
  readonly runs: readonly { readonly runId: string; readonly step: number }[];
}

const stories = {
  async 'a run over two attempts shows one curve, when it will end, and what to do next'() {
    await train('curve', 100_000);
    const instanceId = await stack.training('curve', 1, 60);
    const follow = stack.startRunctl(['aws', 'monitor', 'curve', '--follow']);
    const watch = stack.startRunctl([
      ...['--output', 'json', 'aws', 'processes', 'curve', '--watch', '--interval', '0.2'],
    ]);
    await waitFor('a first frame', () =>
      Promise.resolve(documentsOf<InstanceUsage>(watch).find(({ usage }) => usage !== null)),
    );
    await stack.cloudAdmin.kill(instanceId);
    const run = await stack.reaches(
      'curve',
      'a rate in attempt 2',
      ({ attempts, progress }) =>
        attempts.length === 2 && (progress?.stepsPerSecond ?? null) !== null,
    );
    const { lossHistory, estimate, step, totalSteps } = run;
    const steps = lossHistory.map((sample) => sample.step);
    expect(steps).toEqual([...new Set(steps)].sort((one, other) => one - other));
    expect(steps[0]).toBe(1);
    expect(steps.filter((each) => each < (run.attempts[1]?.fromStep ?? 0)).length).toBeGreaterThan(
      3,
    );
    expect(lossHistory.length).toBeLessThanOrEqual(24);
    expect(lossHistory[0]?.loss).toBeGreaterThan(lossHistory.at(-1)?.loss ?? 100);
    expect({ totalSteps, isAhead: (step ?? 0) >= 60 }).toEqual({
      totalSteps: 100_000,
      isAhead: true,
    });
    expect(estimate?.expectedInterruptions).toBeGreaterThan(0);
    expect(estimate?.secondsLeft).toBeGreaterThanOrEqual(estimate?.trainingSeconds ?? Infinity);

    const status = await stack.runctl(['aws', 'status', 'curve'], { LC_ALL: 'en_US.UTF-8' });
    expect(status.stdout).toMatch(/^Progress +step \d+\/100000 \(\d+ %\), [\d.]+ steps\/s$/m);
    expect(status.stdout).toMatch(/^Ends +.* left/m);
    expect(status.stdout).toMatch(/^Loss +[\d.]+ {2}█[▁-█]{5,} {2}\(9\.091 at step 1\)$/m);
    expect(status.stdout).toMatch(/^1 .*instance-lost .*EC2 took the Spot/m);
    expect(status.stdout).toContain('runctl aws processes curve');
    const plain = await stack.runctl(['aws', 'status', 'curve'], { LC_ALL: 'C' });
    expect(plain.stdout).toMatch(/^Loss +[\d.]+ {2}#[_.\-~=+*#]{5,} /m);

    await stack.runctl(['aws', 'stop', 'curve']);
    // Where an attempt began is the same while it goes on and afterwards.
    const { attempts } = await stack.ended('curve');
    expect(attempts[1]?.fromStep).toBe(run.attempts[1]?.fromStep);
    const frames = (await watch.ended).exitCode === 0 ? documentsOf<InstanceUsage>(watch) : [];
    expect(frames.at(-1)?.usage).toBeNull();
    expect(watch.stdout()).toContain(
      '"message":"run curve is over (stopped), so it has no instance."',
    );
    const seen = new Set(frames.map((frame) => frame.instanceId).filter((id) => id !== null));
    expect([...seen][0]).toBe(instanceId);
    const followed = await follow.ended;
    expect(followed.stderr).toMatch(
      /== attempt 1 ended: instance-lost.*; what the script wrote in the last 5 seconds.*may be missing/,
    );
    const over = await stack.client.status('curve');
    expect(over).toMatchObject({ state: 'stopped', totalSteps: 100_000, estimate: null });
    expect(over.lossHistory.at(-1)?.step).toBeGreaterThanOrEqual(steps.at(-1) ?? Infinity);
    const late = await stack.runctl(['aws', 'processes', 'curve']);
    expect(late.exitCode).toBe(3);
    expect(late.stderr).toContain('no-instance: run curve is over (stopped)');
  },

  async 'processes tells the trainer and the machine, by run and by instance'() {
    await train('busy', 100_000);
    const instanceId = await stack.training('busy', 1, 2);
    const text = await stack.runctl(['aws', 'processes', instanceId]);
    expect(text.stdout).toContain(`Instance ${instanceId}`);
    expect(text.stdout).toMatch(/^CPU +[\d.]+ % of \d+, load/m);
    expect(text.stdout).toMatch(/^\d+ +trainer +[\d.]+ % +[\d.]+ MB .*python/m);
    const { usage, runId } = await stack.runctlJson<InstanceUsage>([
      ...['aws', 'processes', 'busy', '--detailed'],
    ]);
    const { trainerPid } = await stack.client.status('busy');
    expect({ runId, usage }).toMatchObject({
      runId: 'busy',
      usage: { runId: 'busy', attemptNumber: 1, state: 'training', gpus: [] },
    });
    expect(usage?.processes[0]).toMatchObject({ pid: trainerPid, role: 'trainer', threads: 1 });
    expect(usage?.processes[0]?.command).toContain('train.py 100000');
    expect(usage?.disks.length).toBeGreaterThan(0);
    const unknown = await stack.runctl(['aws', 'processes', 'i-0123456789abcdef0']);
    expect(unknown.exitCode).toBe(3);
    await stack.runctl(['aws', 'stop', 'busy']);
  },

  async 'a run goes on from a checkpoint of another, with other arguments where they are given'() {
    await train('first', 60);
    const first = await stack.ended('first');
    const { step: oldest = 0 } = (await stack.client.listCheckpoints('first')).at(-1) ?? {};
    const again = ['aws', 'checkpoint', 'resume', 'first'];
    const taken = await stack.runctl([...again, '--name', 'first']);
    expect(taken.exitCode).toBe(7);
    const none = await stack.runctl([...again, '7', '--name', 'second']);
    expect(none.exitCode).toBe(2);
    expect(none.stderr).toContain('has not published a checkpoint of step 7');
    const resumed = await stack.runctlJson<{ runId: string; step: number; prefix: string }>([
      ...[...again, String(oldest), '--name', 'second', '--', '80'],
    ]);
    expect(resumed).toMatchObject({ runId: 'second', step: oldest, fromRunId: 'first' });
    expect(resumed.prefix).toContain(`runs/second/checkpoints/${oldest}-a0-`);
    const second = await stack.ended('second');
    expect(second.attempts).toMatchObject([{ number: 1, fromStep: oldest, toStep: 80 }]);
    expect(second).toMatchObject({ state: 'completed', checkpoint: { step: 80 } });
    const log = await stack.runctl([
      'aws',
      'monitor',
      'second',
      '--attempt',
      '1',
      '--lines',
      'all',
    ]);
    expect(log.stdout).toContain(`began at ${oldest}\nstep ${oldest + 1}/80`);
    // A name of its own where none is given, the newest checkpoint, and the arguments it had: there is nothing left to do.
    const third = await resumeRun(stack.client, 'first');
    expect(third).toMatchObject({ step: first.checkpoint?.step, fromRunId: 'first' });
    expect((await stack.ended(third.runId)).attempts).toMatchObject([{ fromStep: 60, toStep: 60 }]);
    const others = await stack.client.listCheckpoints('first');
    expect(others.every(({ prefix }) => prefix.startsWith('runs/first/'))).toBe(true);
  },

  async 'cleanup takes exactly what nobody owns, and only when told to'() {
    await train('owner', 100_000);
    const owned = await stack.training('owner', 1, 2);
    const orphan = await launch({ 'runctl:run-id': 'gone', 'runctl:attempt': '1' });
    const kept = await launch({ 'runctl:run-id': 'gone', 'runctl:important': 'true' });
    const lent = await launch({});
    const foreign = await launch({ app: 'other', 'runctl:run-id': 'gone' });
    await putObject('runs/gone/checkpoints/5-a1-half/model.bin');
    await putObject('runs/gone/checkpoints/4-a1-whole/manifest.json');
    await putObject('runs/owner/checkpoints/5-a1-half/model.bin');
    await beginUpload('runs/away/checkpoints/9-a1-big/model.bin');

    const { instances } = await stack.runctlJson<{
      instances: { instanceId: string; ownership: string; runState: string | null }[];
    }>(['aws', 'resources', 'list', '--all']);
    const ownerships = new Map(instances.map((each) => [each.instanceId, each.ownership]));
    expect([owned, orphan, kept, lent, foreign].map((id) => ownerships.get(id))).toEqual([
      ...['in-use', 'young', 'protected', 'yours', 'not-ours'],
    ]);
    const listed = await stack.runctl(['resources', 'list']);
    expect(listed.stdout).toContain(orphan);
    expect(listed.stdout).not.toContain(foreign);
    const summary = await stack.runctl(['resources', 'summary']);
    expect(summary.stdout).toMatch(/^Now +\$[\d.]+ an hour, \$[\d.]+ a day/m);

    const cleanup = ['--output', 'json', 'resources', 'cleanup', '--older-than', '0s'];
    const asked = await stack.runctl(cleanup);
    expect(asked.exitCode).toBe(9);
    // Whoever waits for the grace time sees that nothing is old enough.
    const young = await stack.runctlJson<CleanupPlan>(['resources', 'cleanup', '--yes']);
    expect(young.instances).toEqual([]);
    expect(idsOf(young.kept).sort()).toEqual([orphan, kept].sort());
    const plan = JSON.parse((await stack.runctl([...cleanup, '--dry-run'])).stdout) as CleanupPlan;
    const took = JSON.parse((await stack.runctl([...cleanup, '--yes'])).stdout) as CleanupPlan;
    expect(plan).toMatchObject({ dryRun: true, done: false });
    expect(took).toMatchObject({ dryRun: false, done: true });
    for (const each of [plan, took]) {
      expect(idsOf(each.instances)).toEqual([orphan]);
      // Something of the run still lives, so what it may be writing is left alone.
      expect(each.unfinishedCheckpoints).toEqual([]);
      expect(each.unfinishedObjects).toMatchObject([{ runId: 'away' }]);
      expect(each.spotRequests).toEqual([]);
    }
    await stack.instanceGone(orphan);
    expect(await stack.liveInstances()).toEqual(
      expect.arrayContaining([owned, kept, lent, foreign]),
    );
    await stack.cloudAdmin.kill(kept);
    await stack.instanceGone(kept);
    const last = JSON.parse((await stack.runctl([...cleanup, '--yes'])).stdout) as CleanupPlan;
    expect(last.unfinishedCheckpoints.map(({ prefix }) => prefix)).toEqual([
      'runs/gone/checkpoints/5-a1-half/',
    ]);
    expect(last.unfinishedObjects).toEqual([]);
    expect(await isStored('runs/gone/checkpoints/4-a1-whole/manifest.json')).toBe(true);
    expect(await isStored('runs/gone/checkpoints/5-a1-half/model.bin')).toBe(false);
    expect(await isStored('runs/owner/checkpoints/5-a1-half/model.bin')).toBe(true);
    await stack.runctl(['aws', 'stop', 'owner']);
    for (const instanceId of [lent, foreign]) await stack.cloudAdmin.kill(instanceId);
  },

  async 'a list is filtered, sorted and watched'() {
    await train('list-short', 20);
    await stack.ended('list-short');
    await train('list-long', 100_000);
    const instanceId = await stack.training('list-long', 1, 30);
    const survey = new RunSurvey(stack.client.temporal);
    const namesOf = async (options: SurveyOptions): Promise<string[]> =>
      (await survey.read({ name: 'list-*', ...options })).map(({ runId }) => runId);
    await waitFor('the search to know both', async () =>
      (await namesOf({ states: ['completed', 'training'] })).length === 2 ? true : undefined,
    );
    expect(await namesOf({})).toEqual(['list-long', 'list-short']);
    expect(await namesOf({ sort: 'name', limit: 1 })).toEqual(['list-long']);
    expect(await namesOf({ sort: 'state' })).toEqual(['list-long', 'list-short']);
    expect(await namesOf({ sort: 'step' })).toEqual(['list-long', 'list-short']);
    expect(await namesOf({ onlyOpen: true })).toEqual(['list-long']);
    expect(await namesOf({ states: ['completed'] })).toEqual(['list-short']);
    expect(await namesOf({ instanceId })).toEqual(['list-long']);
    expect(await namesOf({ purchase: 'spot', name: 'list-?hort' })).toEqual(['list-short']);
    expect(await namesOf({ purchase: 'on-demand' })).toEqual([]);
    expect(await namesOf({ sinceMs: Date.now() + 60_000 })).toEqual([]);
    const table = await stack.runctl(['aws', 'list', '--name', 'list-short', '--all']);
    expect(table.stdout).toMatch(
      /^list-short +completed +\S+Z +1 +i-\w+ +20\/20 \(100 %\) +[\d.]+ \S+ +- +\$[\d.]+ +\d+ %$/m,
    );
    const watch = stack.startRunctl([
      ...['--output', 'json', 'aws', 'list', '--open', '--name', 'list-*'],
      ...['--watch', '--interval', '0.2'],
    ]);
    await waitFor('a step more', () => {
      const steps = documentsOf<Frame>(watch).map(({ runs }) => runs[0]?.step ?? 0);
      return Promise.resolve((steps.at(-1) ?? 0) > (steps[0] ?? 0) ? true : undefined);
    });
    watch.kill('SIGINT');
    expect((await watch.ended).exitCode).toBe(130);
    const wrong = await stack.runctl([
      ...['aws', 'list', '--state', 'dreaming', '--limit', '0', '--interval', '1'],
      ...['--since', 'yesterday', '--instance', 'x'],
    ]);
    expect(wrong.exitCode).toBe(2);
    for (const place of ['--state', '--limit', '--interval', '--since', '--instance']) {
      expect(wrong.stderr).toContain(`${place}: expected`);
    }
    await stack.runctl(['aws', 'stop', 'list-long']);
  },
} satisfies Record<string, () => Promise<void>>;

const idsOf = (instances: CleanupPlan['instances']): string[] =>
  instances.map(({ instanceId }) => instanceId);

/** An instance with the tag `app` of ours and what else is said, launched past all runs. */
function launch(tags: Readonly<Record<string, string>>): Promise<string> {
  const all: Tag[] = Object.entries({ app: 'runctl', ...tags }).map(([Key, Value]) => ({
    Key,
    Value,
  }));
  return stack.client.cloud.ask(async ({ cloud }) => {
    const reply = await cloud.clients.ec2.send(
      new RunInstancesCommand({
        ImageId: IMAGE_ID,
        InstanceType: 'g5.xlarge',
        MinCount: 1,
        MaxCount: 1,
        InstanceMarketOptions: { MarketType: 'spot' },
        TagSpecifications: [{ ResourceType: 'instance', Tags: all }],
      }),
    );
    return reply.Instances?.[0]?.InstanceId ?? '';
  });
}

async function putObject(key: string): Promise<void> {
  await stack.client.cloud.ask(({ cloud }) =>
    cloud.clients.s3.send(
      new PutObjectCommand({ Bucket: cloud.settings.bucket, Key: key, Body: 'x' }),
    ),
  );
}

async function beginUpload(key: string): Promise<void> {
  await stack.client.cloud.ask(({ cloud }) =>
    cloud.clients.s3.send(
      new CreateMultipartUploadCommand({ Bucket: cloud.settings.bucket, Key: key }),
    ),
  );
}

const isStored = async (key: string): Promise<boolean> =>
  (await stack.client.cloud.readText(key)) !== null;

let ends: readonly Promise<void>[] = [];

beforeAll(async () => {
  stack = await Stack.start();
  ends = playTogether(Object.values(stories), 3, (story) => story());
}, 120_000);

afterAll(() => stack.close(), 60_000);

test.each(Object.keys(stories).map((name, index) => ({ name, index })))(
  '$name',
  async ({ index }) => {
    await ends[index];
  },
  600_000,
);
