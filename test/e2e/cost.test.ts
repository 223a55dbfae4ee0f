import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Alert } from '../../domain/alerts';
import { alertWorkflowId } from '../../domain/ids';
import { writeScript } from './support/scripts';
import { Stack, type TrainOptions } from './support/stack';
import { Listeners } from './support/told-alerts';
import { playTogether } from './support/together';
import { waitFor } from './support/wait-for';

/** What people are told of what runs cost, and what ends a run, or keeps it from starting, because of it. */
interface World {
  readonly stack: Stack;
  readonly listeners: Listeners;
}

/** Warns from the first cent on, and is heard. */
let open: World;
/** May have one instance, and at first nobody takes its warnings. */
let strict: World;

const warnsAtOnce = `
run_hours = 0.0006
run_usd = 0.001
run_usd_per_hour = 0.01
account_usd_per_hour = [0.01, 0.02]
account_usd_per_day = 0.1
instances = 1
`;
const ofARun = ['run-cost', 'run-hours', 'run-price'];
const ofTheAccount = ['account-day', 'account-price', 'account-price', 'instance-count'];
const allowsOneInstance = `
max_instances = 1
run_usd_per_hour = 0.01
`;

const stories = {
  async 'a run that has cost what it may saves and ends, and what is resumed from it goes on'() {
    const { stack } = open;
    // This type costs $1.006 an hour: a bit more than the minute that is owed with the launch.
    const flags = ['--on-demand', '--max-cost', '0.0172'];
    const runId = await stack.train('limited', { ...endless(stack), flags });
    const waited = await stack.runctl(['aws', 'wait', runId]);
    expect(waited.exitCode).toBe(1);
    const run = await stack.client.status(runId);
    expect(run).toMatchObject({
      state: 'failed',
      failure: { code: 'max-cost-reached' },
      attempts: [{ outcome: 'cost-reached' }],
    });
    expect(run.message).toMatch(/^The run has cost \$0\.0\d\d\d, and may cost \$0\.0172\.$/);
    expect(run.costUsd).toBeGreaterThanOrEqual(0.0172);
    expect(run.checkpoint?.step).toBeGreaterThan(0);
    expect(run.checkpoint?.step).toBe(run.attempts[0]?.toStep);
    expect(await stack.liveInstances(runId)).toEqual([]);
    const status = await stack.runctl(['aws', 'status', runId]);
    expect(status.stdout).toContain('why ended  max-cost-reached');
    expect(status.stdout).toContain('resume      runctl aws checkpoint resume limited');

    const resumed = await stack.runctlJson<{ runId: string; step: number }>([
      ...['aws', 'checkpoint', 'resume', runId, '--name', 'limited-2'],
    ]);
    expect(resumed.step).toBe(run.checkpoint?.step);
    await stack.training(resumed.runId, 1, resumed.step + 5);
    await stack.runctl(['aws', 'stop', resumed.runId]);
    expect((await stack.ended(resumed.runId)).state).toBe('stopped');
  },

  async 'each warning comes once to every place, over an interruption and another instance'() {
    const { stack, listeners } = open;
    const runId = await stack.train('warned', endless(stack));
    const follow = stack.startRunctl(['aws', 'monitor', runId, '--follow']);
    const instanceId = await stack.training(runId, 1, 3);
    await heard(listeners, runId, ofARun.length);
    await stack.cloudAdmin.kill(instanceId);
    await stack.training(runId, 2, 3);
    await stack.runctl(['aws', 'stop', runId]);
    const { attempts, warnings } = await stack.ended(runId);
    // It was taken back in its first hour, so what it had cost was nothing again.
    expect(attempts).toMatchObject([
      { outcome: 'instance-lost', costUsd: 0, freeBecause: 'interrupted-in-first-hour' },
      { outcome: 'stopped', freeBecause: null },
    ]);
    const told = listeners.told.filter(isOf(runId));
    expect(codesOf(told)).toEqual(ofARun);
    expect(codesOf(listeners.posted.filter(isOf(runId)))).toEqual(ofARun);
    expect(warnings).toHaveLength(told.length);
    const places = {
      'the text of status': (await stack.runctl(['aws', 'status', runId])).stdout,
      'what monitor says': (await follow.ended).stderr,
      'the page of the run': await pageOf(stack, `run/${runId}`),
      'the page of its last attempt': await pageOf(stack, `run/${runId}/attempt`),
      'the log of the worker': logOf(stack),
    };
    for (const [place, text] of Object.entries(places)) {
      const times = told.map(({ code, message }) => `${code} ${count(text, message)}`);
      expect({ place, times: times.sort() }).toEqual({
        place,
        times: ofARun.map((code) => `${code} 1`),
      });
    }
  },

  async 'a run that found no Spot capacity says that it pays On-Demand'() {
    const { stack, listeners } = open;
    const shortage = { kind: 'capacity-shortage', purchase: 'spot', instanceType: 'm5.large' };
    await stack.cloudAdmin.addFault(shortage);
    const runId = await stack.train('fallen-back', {
      scriptArgs: ['--steps', '5', '--step-seconds', '0.1'],
      instanceType: 'm5.large',
      flags: ['--fallback', 'on-demand', '--max-capacity-wait', '0'],
    });
    const { attempts, warnings } = await stack.ended(runId);
    expect(attempts).toMatchObject([{ purchase: 'on-demand' }]);
    const sentence = `Run ${runId} found no Spot capacity and runs On-Demand, at $0.0960 per hour.`;
    expect(warnings.filter((warning) => warning.startsWith(sentence))).toHaveLength(1);
    const told = await waitFor('the word of it', () => {
      const found = listeners.told.filter(({ message }) => message === sentence);
      return Promise.resolve(found.length > 0 ? found : undefined);
    });
    expect(told).toMatchObject([{ code: 'on-demand-fallback', runId }]);
  },

  async 'what all runs cost together is warned of once, however many begin'() {
    const { stack, listeners } = open;
    await heard(listeners, null, ofTheAccount.length);
    await Promise.allSettled([ends[1], ends[2]]);
    expect(codesOf(listeners.told.filter(isOf(null)))).toEqual(ofTheAccount);
    expect(codesOf(listeners.posted.filter(isOf(null)))).toEqual(ofTheAccount);
    const warnings = [
      /^warning: runctl's instances in this account and region cost \$\d+\.\d{4} per hour \(more than \$0\.01\)\./m,
      /^warning: .* cost \$\d+\.\d{4} per hour \(more than \$0\.02\)\./m,
      /^warning: .* cost \$\d+\.\d{4} a day at the present rate \(more than \$0\.1\)\./m,
      /^warning: runctl runs \d instances? in this account and region \(warned of from 1 on\)\./m,
    ];
    const { stdout } = await stack.runctl(['aws', 'list']);
    for (const warning of warnings) expect(stdout).toMatch(warning);
  },

  async 'a delivery that a dead worker has cut short comes again under the same key'() {
    const { stack, listeners } = open;
    // A kill hits everything: the others come to what they are about before.
    await Promise.allSettled([ends[1], ends[2], ends[3]]);
    listeners.set('holds', true);
    const runId = await stack.train('held', endless(stack));
    const first = await waitFor('the first alert', () =>
      Promise.resolve(listeners.told.find(isOf(runId))),
    );
    await stack.kill('worker');
    listeners.set('holds', false);
    stack.startWorker();
    await heard(listeners, runId, ofARun.length);
    const told = listeners.told.filter(isOf(runId));
    expect(told.filter(({ key }) => key === first.key)).toEqual([first, first]);
    expect(listeners.posted.filter(({ key }) => key === first.key)).toEqual([first]);
    // Of each crossing there is one key, and it is crossed once.
    expect([...keysOf(told)].map((key) => key.replace(/^.*\/\d+-/, '')).sort()).toEqual(ofARun);
    expect((await stack.client.status(runId)).warnings).toHaveLength(ofARun.length);
    await stack.runctl(['aws', 'stop', runId]);
    expect((await stack.ended(runId)).state).toBe('stopped');
  },

  async 'nobody hears a warning, and the run feels nothing of it; another run finds no place'() {
    const { stack, listeners } = strict;
    listeners.set('fails', true);
    listeners.webhook.answer = () => 500;
    const runId = await stack.train('alone', endless(stack));
    await stack.training(runId, 1, 3);
    const { temporal } = stack.client;
    const delivery = temporal.workflow.getHandle(alertWorkflowId(`run/${runId}/1-run-price`));
    const failure = await waitFor('a try', async () => {
      const { raw } = await delivery.describe();
      return raw.pendingActivities?.[0]?.lastFailure ?? undefined;
    });
    expect(failure.applicationFailureInfo?.type).toBe('alert-not-delivered');
    expect(failure.message).toMatch(/command: .*nobody is on duty; webhook: .*HTTP 500/s);
    const { warnings, state } = await stack.client.status(runId);
    expect(warnings).toEqual([expect.stringContaining(`Run ${runId} costs $`)]);
    expect(state).toBe('training');

    const refused = await stack.train('refused', endless(stack));
    const waited = await stack.runctl(['aws', 'wait', refused]);
    expect(waited.exitCode).toBe(1);
    const { stdout } = await stack.runctl(['aws', 'status', refused]);
    expect(stdout).toContain('why ended  too-many-instances');
    expect(stdout).toContain('runctl runs 1 instance in this account and region, and may run 1.');
    expect(await stack.launchedInstances(refused)).toEqual([]);

    listeners.set('fails', false);
    listeners.webhook.answer = () => 204;
    expect(await delivery.result()).toEqual({ channels: ['log', 'command', 'webhook'] });
    expect(codesOf(listeners.told)).toEqual(['run-price']);
    expect(keysOf(listeners.posted).size).toBe(1);
    await stack.runctl(['aws', 'stop', runId]);
    expect((await stack.ended(runId)).state).toBe('stopped');
  },
} satisfies Record<string, () => Promise<void>>;

const isOf =
  (runId: string | null) =>
  (alert: Alert): boolean =>
    alert.runId === runId;
const codesOf = (alerts: readonly Alert[]): string[] => alerts.map(({ code }) => code).sort();
const keysOf = (alerts: readonly Alert[]): Set<string> => new Set(alerts.map(({ key }) => key));
const count = (text: string, part: string): number => text.split(part).length - 1;

/** Waits until the program and the webhook have heard so many different alerts of a run, or of the account. */
const heard = (listeners: Listeners, runId: string | null, of: number): Promise<true> =>
  waitFor(`${of} alerts of ${runId ?? 'the account'}`, () => {
    const { told, posted } = listeners;
    const isEnough = [told, posted].every((all) => keysOf(all.filter(isOf(runId))).size >= of);
    return Promise.resolve(isEnough ? true : undefined);
  });

/** What the Web UI shows of a workflow: there an escaped dollar is a dollar. */
async function pageOf(stack: Stack, workflowId: string): Promise<string> {
  const ran = await stack.temporal(['workflow', 'metadata', '--workflow-id', workflowId]);
  return ran.stdout.replaceAll('\\$', '$');
}

const logOf = ({ folder }: Stack): string =>
  readFileSync(path.join(folder, '.runctl/logs/worker.log'), 'utf8');

/** A script that goes on until SIGTERM, and then saves. */
function endless(stack: Stack): TrainOptions {
  const script = writeScript(
    stack,
    'endless',
    'import os, pathlib, signal, time',
    'folder = pathlib.Path(os.environ["RUNCTL_CHECKPOINT_DIR"])',
    'resume = os.environ.get("RUNCTL_RESUME_FROM")',
    'step = int(pathlib.Path(resume).read_text()) if resume else 0',
    'asked = []',
    'signal.signal(signal.SIGTERM, lambda *_: asked.append(1))',
    'while not asked:',
    '    step += 1',
    '    print(f"step {step}/100000", flush=True)',
    '    time.sleep(0.1)',
    '(folder / f".step-{step}").write_text(str(step))',
    'os.rename(folder / f".step-{step}", folder / f"step-{step}")',
  );
  return { script, scriptArgs: [] };
}

async function startWorld(settings: string): Promise<World> {
  const listeners = await Listeners.start();
  try {
    const stack = await Stack.start({ settings: `[alerts]${settings}${listeners.settings}\n` });
    return { stack, listeners };
  } catch (error) {
    listeners.close();
    throw error;
  }
}

let ends: readonly Promise<void>[] = [];

beforeAll(async () => {
  [open, strict] = await Promise.all([startWorld(warnsAtOnce), startWorld(allowsOneInstance)]);
  const all = Object.values(stories);
  ends = playTogether(all, all.length, (story) => story());
}, 120_000);

afterAll(async () => {
  for (const { stack, listeners } of [open, strict]) {
    await stack.close();
    listeners.close();
  }
}, 120_000);

test.each(Object.keys(stories).map((name, index) => ({ name, index })))(
  '$name',
  async ({ index }) => {
    await ends[index];
  },
  600_000,
);
