import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { DescribeInstanceInformationCommand, SSMClient } from '@aws-sdk/client-ssm';
import { LocalCloudAdmin } from '../client/local-cloud/admin-client';
import { attemptWorkflowId } from '../domain/ids';
import { writeScript } from '../test/e2e/support/scripts';
import { Stack } from '../test/e2e/support/stack';

/**
 * How long our own part of the four reactions takes that people wait for, on a real Temporal server and the local cloud:
 *
 *     npm run build && npx tsx bench/latency.ts [--times 5]
 *
 * Each time is taken between two clocks of this machine: the moment before a call is made, and the moment that the
 * trainer, the cloud or the server writes down. What the cloud takes for itself (a boot) is subtracted, and said.
 */
interface Measurement {
  readonly name: string;
  readonly targetSeconds: number;
  readonly how: string;
  readonly measure: (bench: Bench) => Promise<number>;
}

interface Bench {
  readonly stack: Stack;
  readonly admin: LocalCloudAdmin;
}

const measurements: readonly Measurement[] = [
  {
    name: 'notice -> trainer signalled',
    targetSeconds: 2,
    how: 'from the admin call that gives the notice to the first line of the SIGTERM handler of the script',
    measure: noticeToSignal,
  },
  {
    name: 'death -> first new step',
    targetSeconds: 3,
    how: 'from the admin call that kills the instance to the first step on the next one, less its boot until the SSM agent answers',
    measure: deathToStep,
  },
  {
    name: 'cancel -> terminating',
    targetSeconds: 2,
    how: 'from the cancel to the moment that EC2 shows the instance shutting down; the script exits at SIGTERM at once',
    measure: cancelToTerminating,
  },
  {
    name: 'worker back -> watching again',
    targetSeconds: 5,
    how: 'kill -9 of the worker; from the start of the next one to its first look at the trainer',
    measure: restartToWatching,
  },
];

const lookMs = 10;
const patienceMs = 120_000;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { times: { type: 'string', default: '5' } } });
  const stack = await Stack.start();
  const { awsEndpointUrl, secretAccessKey } = stack.up;
  const bench = { stack, admin: new LocalCloudAdmin(awsEndpointUrl, secretAccessKey) };
  try {
    for (const { name, targetSeconds, how, measure } of measurements) {
      const seconds: number[] = [];
      for (let time = 0; time < Number(values.times); time += 1) seconds.push(await measure(bench));
      const sorted = seconds.toSorted((one, other) => one - other);
      const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
      const verdict = median < targetSeconds ? 'good' : 'TOO SLOW';
      const all = seconds.map((each) => each.toFixed(2)).join(' ');
      console.log(`${verdict.padEnd(8)}  ${name}: median ${median.toFixed(2)} s of ${all}`);
      console.log(`          target below ${targetSeconds} s; ${how}`);
    }
  } finally {
    await stack.close();
  }
}

/** Writes each moment that matters into a file beside it, in seconds since the epoch. */
const clocked = [
  'import os, signal, sys, time',
  'book = open(sys.argv[1], "a", buffering=1)',
  'def note(what):',
  '    book.write("%s %s %.3f\\n" % (os.environ["RUNCTL_ATTEMPT"], what, time.time()))',
  'def stop(*_):',
  '    note("signalled")',
  '    sys.exit(0)',
  'signal.signal(signal.SIGTERM, stop)',
  'for step in range(1, 100000):',
  '    print("step %d/100000" % step, flush=True)',
  '    if step == 1:',
  '        note("first-step")',
  '    time.sleep(0.05)',
];

let runCount = 0;

interface Training {
  readonly runId: string;
  readonly instanceId: string;
  /** When the script noted something, in milliseconds; waits until it has. */
  readonly noted: (attempt: number, what: string) => Promise<number>;
}

async function startTraining({ stack }: Bench): Promise<Training> {
  runCount += 1;
  const book = path.join(stack.folder, `book-${runCount}`);
  const script = writeScript(stack, 'clocked', ...clocked);
  const runId = await stack.train(`latency-${runCount}`, { script, scriptArgs: [book] });
  const instanceId = await stack.training(runId, 1, 10);
  const noted = (attempt: number, what: string): Promise<number> =>
    until(() => {
      const line = readFileSync(book, 'utf8')
        .split('\n')
        .find((each) => each.startsWith(`${attempt} ${what} `));
      return line === undefined ? undefined : Number(line.split(' ')[2]) * 1000;
    });
  return { runId, instanceId, noted };
}

async function finish({ stack }: Bench, { runId }: Training): Promise<void> {
  await stack.client.stop(runId, { force: true });
  await stack.ended(runId);
}

async function noticeToSignal(bench: Bench): Promise<number> {
  const training = await startTraining(bench);
  // Not in step with the supervisor's own clock.
  await sleep(Math.random() * 2_000);
  const from = Date.now();
  await bench.admin.interrupt(training.instanceId, 60);
  const to = await training.noted(1, 'signalled');
  await finish(bench, training);
  return (to - from) / 1000;
}

async function deathToStep(bench: Bench): Promise<number> {
  const training = await startTraining(bench);
  const from = Date.now();
  await bench.admin.kill(training.instanceId);
  const [to, bootMs] = await Promise.all([
    training.noted(2, 'first-step'),
    bootOfNext(bench, training),
  ]);
  await finish(bench, training);
  return (to - from - bootMs) / 1000;
}

/** From the launch of the run's second instance until its SSM agent answers. */
async function bootOfNext({ stack }: Bench, { runId, instanceId }: Training): Promise<number> {
  const next = await until(async () => {
    const launched = await stack.launchedInstances(runId);
    return launched.find((id) => id !== instanceId);
  });
  const from = Date.now();
  const { awsEndpointUrl: endpoint, region, accessKeyId, secretAccessKey } = stack.up;
  const ssm = new SSMClient({ endpoint, region, credentials: { accessKeyId, secretAccessKey } });
  const filter = { Key: 'InstanceIds', Values: [next] };
  await until(async () => {
    const reply = await ssm.send(new DescribeInstanceInformationCommand({ Filters: [filter] }));
    return reply.InstanceInformationList?.[0]?.PingStatus === 'Online' ? true : undefined;
  });
  ssm.destroy();
  return Date.now() - from;
}

async function cancelToTerminating(bench: Bench): Promise<number> {
  const training = await startTraining(bench);
  const from = Date.now();
  await bench.stack.client.temporal.workflow.getHandle(`run/${training.runId}`).cancel();
  await until(async () => {
    const { instances } = await bench.admin.status();
    const found = instances.find(({ instanceId }) => instanceId === training.instanceId);
    return found?.state === 'running' ? undefined : true;
  });
  const to = Date.now();
  await bench.stack.ended(training.runId);
  return (to - from) / 1000;
}

async function restartToWatching(bench: Bench): Promise<number> {
  const { stack } = bench;
  const training = await startTraining(bench);
  await stack.kill('worker');
  const from = Date.now();
  stack.startWorker();
  const child = stack.client.temporal.workflow.getHandle(attemptWorkflowId(training.runId));
  const to = await until(async () => {
    const { raw } = await child.describe();
    const { seconds, nanos } = raw.pendingActivities?.[0]?.lastStartedTime ?? {};
    const startedMs = Number(seconds ?? 0) * 1000 + (nanos ?? 0) / 1_000_000;
    return startedMs > from ? startedMs : undefined;
  });
  await finish(bench, training);
  return (to - from) / 1000;
}

async function until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const deadlineMs = Date.now() + patienceMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadlineMs) throw new Error('waited in vain');
    await sleep(lookMs);
  }
}

void main();
