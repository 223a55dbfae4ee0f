import path from 'node:path';
import { CreateTagsCommand, DeleteTagsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { createNamespace } from '../../temporal/namespaces';
import { OwnInstance } from './support/own-instances';
import { Stack, type Ran } from './support/stack';
import { playTogether } from './support/together';
import { GivenUp, waitFor } from './support/wait-for';

/** One training per instance, the four ways on, and the three verbs that end something. */
let stack: Stack;

const fourWays = (instanceId: string, pid: number): string =>
  `Training already running on instance ${instanceId} (PID: ${pid}).

To start new training, either:
  1. Wait for current training to complete: runctl aws monitor ${instanceId}
  2. Stop current training gracefully: runctl aws stop ${instanceId}
  3. Check training status: runctl aws monitor ${instanceId} --follow
  4. Force kill existing training (not recommended): runctl aws stop ${instanceId} --force`;

interface Refusal {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly pid: number;
    readonly runId: string;
    readonly since: string;
  };
}

const documentOf = ({ stdout }: Ran): unknown => JSON.parse(stdout);
/** The error document of a refused training. */
const errorOf = (ran: Ran): Refusal['error'] => (documentOf(ran) as Refusal).error;
const pidOn = (own: OwnInstance): number =>
  (JSON.parse(own.read('training.pid') ?? '{"pid":0}') as { pid: number }).pid;

const stories = {
  async 'a training of another namespace is respected, and can be ended on the instance'() {
    const own = await OwnInstance.create(stack);
    const elsewhere = {
      TEMPORAL_ADDRESS: stack.up.temporalAddress,
      TEMPORAL_NAMESPACE: 'elsewhere',
    };
    await createNamespace(stack.client.environment.temporal, 'elsewhere');
    const worker = stack.startRunctl(['worker'], elsewhere);
    try {
      await own.train('here');
      await waitFor('the other worker', () => {
        if (worker.stdout().includes('Worker ready.')) return Promise.resolve(true);
        if (worker.hasEnded()) throw new GivenUp(worker.stderr());
        return Promise.resolve(undefined);
      });
      const refused = await stack.runctl(own.command('there', '--wait'), elsewhere);
      expect(refused.exitCode).toBe(8);
      expect(refused.stderr).toContain(fourWays(own.instanceId, pidOn(own)));
      const monitor = await stack.runctl(['aws', 'monitor', own.instanceId], elsewhere);
      expect(monitor.exitCode).toBe(3);
      expect(monitor.stderr).toContain('Run here trains there');
      const kept = await stack.runctl(['aws', 'terminate', own.instanceId, '--yes'], elsewhere);
      expect(kept.exitCode).toBe(8);
      await stack.training('here', 1, 3);
      const stopped = await stack.runctl(['aws', 'stop', own.instanceId], elsewhere);
      expect(stopped.exitCode).toBe(0);
      const { state, checkpoint } = await stack.ended('here');
      expect(state).toBe('stopped');
      expect(checkpoint?.step).toBeGreaterThan(0);
      expect(await own.isFreeAndRunning()).toBe(true);
    } finally {
      worker.kill('SIGTERM');
      await worker.ended;
    }
  },

  async 'a terminated child leaves the instance running and clean'() {
    const own = await OwnInstance.create(stack);
    await own.train('child-terminate');
    const child = 'run/child-terminate/attempt';
    await stack.temporal(['workflow', 'terminate', '--workflow-id', child]);
    expect(await stack.ended('child-terminate')).toMatchObject({
      failure: { code: 'child-terminated' },
    });
    expect(await own.isFreeAndRunning()).toBe(true);
  },

  async 'of two trains at the same moment one wins, and the first way on waits for its end'() {
    const own = await OwnInstance.create(stack);
    const names = ['twin-1', 'twin-2'];
    const ran = await Promise.all(
      names.map((name) => stack.runctl(['--output', 'json', ...own.command(name)])),
    );
    expect(ran.map(({ exitCode }) => exitCode).sort()).toEqual([0, 8]);
    const [winner = '', loser = ''] = ran[0]?.exitCode === 0 ? names : [...names].reverse();
    const pid = pidOn(own);
    const refused = ran.find(({ exitCode }) => exitCode === 8);
    const error = errorOf(refused ?? { exitCode: 8, stdout: '{}', stderr: '' });
    expect(error).toMatchObject({ code: 'already-running', runId: winner });
    expect(error.message).toBe(fourWays(own.instanceId, error.pid));
    expect(Date.parse(error.since)).toBeGreaterThan(Date.now() - 300_000);

    // A loser that was refused only on the instance is a run that failed; everything tells it alike.
    if ((await stack.client.list()).some(({ runId }) => runId === loser)) {
      for (const verb of ['status', 'wait']) {
        const told = await stack.runctl(['aws', verb, loser]);
        expect(told.exitCode).toBe(8);
        expect(told.stdout).toContain(`\n${fourWays(own.instanceId, error.pid)}\n`);
      }
      const { failure } = await stack.client.status(loser);
      expect(failure).toMatchObject({ code: 'already-running', pid: error.pid, runId: winner });
      expect(failure).toMatchObject({ since: error.since });
    }

    // The winner has felt nothing of it.
    const waiting = stack.startRunctl(['aws', 'monitor', own.instanceId]);
    await stack.training(winner, 1, 5);
    expect(pidOn(own)).toBe(pid);
    expect(own.read('lock')).toContain(winner);
    const third = await own.on('train', path.join(stack.folder, 'trainer/train.py'));
    expect(third).toMatchObject({ exitCode: 8, stdout: '' });
    expect(third.stderr).toContain(fourWays(own.instanceId, pid));
    expect((await stack.client.status(winner)).isOver).toBe(false);
    own.finish(winner);
    const waited = await waiting.ended;
    expect(waited.exitCode).toBe(0);
    expect(waited.stdout).toContain(`Run ${winner}: completed`);
    expect(await own.isFreeAndRunning()).toBe(true);

    // A second training works at once; monitor ends with its exit code, while it runs and afterwards.
    const failing = 'twin-fails';
    await own.train(failing);
    const failed = own.on('monitor', '--output', 'json');
    own.finish(failing, 3);
    const ended = await failed;
    expect(ended.exitCode).toBe(1);
    expect(documentOf(ended)).toMatchObject({ runId: failing, state: 'failed' });
    expect(await own.isFreeAndRunning()).toBe(true);
    const afterwards = await own.on('monitor');
    expect(afterwards.exitCode).toBe(1);
    expect(afterwards.stdout).toContain('\nLog:\nstep 1\n');
  },

  async 'the third way on streams the log, and the second saves and keeps the instance'() {
    const own = await OwnInstance.create(stack);
    await own.train('graceful');
    const follow = stack.startRunctl(['aws', 'monitor', own.instanceId, '--follow']);
    await waitFor('a line of the log while it trains', () =>
      Promise.resolve(follow.stdout().includes('step 1\n') ? true : undefined),
    );
    expect((await stack.client.status('graceful')).isOver).toBe(false);
    const stopped = await own.on('stop', '--output', 'json');
    expect(stopped.exitCode).toBe(0);
    const { checkpoint } = await stack.client.status('graceful');
    expect(checkpoint?.step).toBeGreaterThan(0);
    expect(documentOf(stopped)).toMatchObject({
      ...{ runId: 'graceful', state: 'stopped', stopping: false, checkpoint },
    });
    expect(await own.isFreeAndRunning()).toBe(true);
    const followed = await follow.ended;
    expect(followed.exitCode).toBe(0);
    const steps = followed.stdout.split('\n').filter((line) => line.startsWith('step '));
    expect(steps).toEqual(steps.map((_, index) => `step ${index + 1}`));
    expect(steps).toHaveLength(checkpoint?.step ?? -1);
    expect(await own.on('stop')).toMatchObject({ exitCode: 3 });
  },

  async 'the fourth way on kills every process at once, and the next training starts'() {
    const own = await OwnInstance.create(stack);
    await own.train('stubborn', 'stubborn');
    const killed = await own.on('stop', '--force');
    expect(killed.exitCode).toBe(0);
    expect(await stack.client.status('stubborn')).toMatchObject({
      state: 'stopped',
      checkpoint: null,
    });
    expect(await own.isFreeAndRunning()).toBe(true);
    own.finish('after-force');
    expect((await stack.runctl(own.command('after-force', '--wait'))).exitCode).toBe(0);
    expect(await own.isFreeAndRunning()).toBe(true);
  },

  async 'a cancelled and then a terminated parent leave the instance running and clean'() {
    const own = await OwnInstance.create(stack);
    for (const verb of ['cancel', 'terminate']) {
      await own.train(`parent-${verb}`);
      await stack.temporal(['workflow', verb, '--workflow-id', `run/parent-${verb}`]);
      await stack.childIsOver(`parent-${verb}`);
      expect(await own.isFreeAndRunning()).toBe(true);
    }
  },

  async 'on a Spot instance of the user a notice saves, and the run waits for what becomes of it'() {
    const own = await OwnInstance.create(stack, 'spot');
    await own.train('noticed');
    await stack.cloudAdmin.interrupt(own.instanceId, 100);
    const run = await stack.reaches('noticed', 'the wait', ({ state, attempts }) => {
      return state === 'placing' && attempts.at(-1)?.number === 2;
    });
    expect(run.message).toMatch(/^Waiting until .*: a Spot notice came/);
    expect(run.checkpoint?.step).toBeGreaterThan(0);
    expect(await own.isFreeAndRunning()).toBe(true);
    const stopped = await own.on('stop-instance', '--force');
    expect(stopped.exitCode).toBe(6);
    expect(stopped.stderr).toContain('instance-not-stoppable');
    expect(stopped.stderr).toContain('UnsupportedOperation');
    expect((await own.on('stop')).exitCode).toBe(0);
    expect((await stack.client.status('noticed')).state).toBe('stopped');
  },

  async 'an instance is stopped, started and terminated by verbs of their own'() {
    const created = await stack.runctl(['aws', 'create', 'g5.xlarge', '--name', 'powered']);
    expect(created.stdout).toMatch(/^i-[0-9a-f]+\n$/);
    const own = await OwnInstance.of(stack, created.stdout.trim());
    await own.train('in-the-way');
    for (const verb of [['stop-instance'], ['terminate', '--yes']]) {
      const refused = await own.on(verb[0] ?? '', ...verb.slice(1), '--output', 'json');
      expect(refused.exitCode).toBe(8);
      const error = errorOf(refused);
      expect(error).toMatchObject({
        code: 'already-running',
        runId: 'in-the-way',
        pid: pidOn(own),
      });
    }
    expect((await own.on('stop-instance', '--force', '--wait')).exitCode).toBe(0);
    const saved = await stack.client.status('in-the-way');
    expect(saved.state).toBe('stopped');
    expect(saved.checkpoint?.step).toBeGreaterThan(0);
    const off = await stack.runctl(own.command('on-a-stopped-one'));
    expect(off.exitCode).toBe(6);
    expect(off.stderr).toContain(`The instance ${own.instanceId} is stopped.`);
    expect(off.stderr).toContain('runctl aws start-instance');

    const started = await own.on('start-instance', '--wait', '--output', 'json');
    expect(documentOf(started)).toMatchObject({ state: 'running', name: 'powered' });
    await own.train('after-the-start');

    await tag(own.instanceId, 'true');
    const guarded = await own.on('terminate', '--yes', '--force');
    expect(guarded.exitCode).toBe(9);
    expect(guarded.stderr).toContain('It carries the tag runctl:protected=true.');
    await tag(own.instanceId, null);
    const unconfirmed = await own.on('terminate', '--force');
    expect(unconfirmed.exitCode).toBe(9);
    expect(unconfirmed.stderr).toContain('run after-the-start would be saved and stopped first');
    expect((await stack.client.status('after-the-start')).isOver).toBe(false);
    expect((await own.on('terminate', '--force', '--yes')).exitCode).toBe(0);
    expect((await stack.client.status('after-the-start')).state).toBe('stopped');
    await stack.instanceGone(own.instanceId);
  },

  async 'an instance where nothing trains says so, and a dead lock there is taken over with a word'() {
    const own = await OwnInstance.create(stack);
    for (const verb of ['monitor', 'stop']) {
      const ran = await own.on(verb);
      expect({ verb, ...ran }).toMatchObject({ verb, exitCode: 3, stdout: '' });
      expect(ran.stderr).toContain(
        `run-not-found: no run is or was on instance ${own.instanceId}.`,
      );
      expect(ran.stderr).toContain(`next  Start one: runctl aws train ${own.instanceId} SCRIPT`);
    }
    const unknown = await stack.runctl(['aws', 'monitor', 'i-0123456789abcdef0']);
    expect(unknown.exitCode).toBe(3);
    expect(unknown.stderr).toContain('EC2 knows no instance i-0123456789abcdef0.');

    const supervisor = { pid: process.pid, startTime: '1', bootId: 'of-an-earlier-boot' };
    own.write('lock', JSON.stringify({ runId: 'dead', attemptNumber: 7, supervisor }));
    await own.train('takes-over');
    const words =
      'The lock left by attempt 7 of run dead was taken over: the instance was rebooted since.';
    expect((await stack.client.status('takes-over')).warnings).toContain(words);
    own.finish('takes-over');
    const log = await own.on('monitor', '--follow');
    expect(log.exitCode).toBe(0);
    expect(log.stdout).toContain(`runctl: ${words}\nstep 1\n`);
    expect(await own.isFreeAndRunning()).toBe(true);
    const ended = await own.on('terminate', '--yes');
    expect(ended.stdout).toMatch(/ is (shutting-down|terminated)\.\n$/);
  },
} satisfies Record<string, () => Promise<void>>;

async function tag(instanceId: string, value: string | null): Promise<void> {
  const { awsEndpointUrl, region, accessKeyId, secretAccessKey } = stack.up;
  const credentials = { accessKeyId, secretAccessKey };
  const ec2 = new EC2Client({ endpoint: awsEndpointUrl, region, credentials });
  const tags = [{ Key: 'runctl:protected', ...(value === null ? {} : { Value: value }) }];
  const Resources = [instanceId];
  await (value === null
    ? ec2.send(new DeleteTagsCommand({ Resources, Tags: tags }))
    : ec2.send(new CreateTagsCommand({ Resources, Tags: tags })));
  ec2.destroy();
}

let ends: readonly Promise<void>[];

beforeAll(async () => {
  stack = await Stack.start();
  ends = playTogether(Object.values(stories), 4, (play) => play());
}, 60_000);

afterAll(() => stack.close(), 60_000);

test.each(Object.keys(stories).map((name, index) => ({ name, index })))(
  '$name',
  async ({ index }) => {
    await ends[index];
  },
  240_000,
);
