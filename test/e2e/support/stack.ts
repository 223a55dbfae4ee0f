import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { TrainingClient, type RunSnapshot } from '../../../client';
import { LocalCloudAdmin, type LocalCloudStatus } from '../../../client/local-cloud/admin-client';
import { findTemporal } from '../../support/temporal-server';
import { GivenUp, patienceMs, waitFor } from './wait-for';

const root = path.resolve(__dirname, '../../..');
const bin = path.join(root, 'dist/client/main.js');

export interface Ran {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command of the bin that is still running. */
export interface Running {
  readonly stdout: () => string;
  readonly stderr: () => string;
  readonly hasEnded: () => boolean;
  readonly ended: Promise<Ran>;
  readonly kill: (signal: NodeJS.Signals) => void;
}

interface UpDocument {
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  readonly awsEndpointUrl: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly pids: Readonly<
    Record<'temporal' | 'localCloud' | 'worker', { readonly pid: number } | null>
  >;
}

export interface TrainOptions {
  readonly script?: string;
  readonly scriptArgs?: readonly string[];
  readonly flags?: readonly string[];
  readonly instanceType?: string;
}

/** A whole product in a folder of its own: server, local cloud and worker, all through the bin a user runs. */
export class Stack {
  private constructor(
    readonly folder: string,
    private readonly environment: NodeJS.ProcessEnv,
    readonly client: TrainingClient,
  ) {}

  /** `settings` is the `.runctl.toml` of the folder; `more` is added to the environment of all that is started. */
  static async start({
    settings = '',
    more = {},
  }: { settings?: string; more?: NodeJS.ProcessEnv } = {}): Promise<Stack> {
    const folder = mkdtempSync(path.join(tmpdir(), 'runctl-e2e-'));
    if (settings !== '') writeFileSync(path.join(folder, '.runctl.toml'), settings);
    const environment: NodeJS.ProcessEnv = {
      ...process.env,
      NO_COLOR: '1',
      RUNCTL_POLL_INTERVAL_SECONDS: '1',
      // Nobody's own settings may decide how a test ends.
      XDG_CONFIG_HOME: path.join(folder, 'config'),
      ...more,
    };
    for (const name of Object.keys(environment))
      if (/^(AWS|TEMPORAL)_/.test(name)) Reflect.deleteProperty(environment, name);
    const up = await runctlIn(folder, environment, ['up', '--detach']);
    if (up.exitCode !== 0) {
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`runctl up failed: ${up.stdout}${up.stderr}`);
    }
    try {
      return new Stack(folder, environment, await TrainingClient.connect({ folder, environment }));
    } catch (error) {
      await runctlIn(folder, environment, ['down']);
      throw error;
    }
  }

  get up(): UpDocument {
    return JSON.parse(
      readFileSync(path.join(this.folder, '.runctl/up.json'), 'utf8'),
    ) as UpDocument;
  }

  /** Ends everything, and says so if a process was left. */
  async close(): Promise<void> {
    try {
      await this.client.close();
      const down = await this.runctl(['down']);
      if (down.exitCode !== 0) throw new Error(`runctl down failed: ${down.stdout}${down.stderr}`);
      const left = processesOf(this.folder);
      if (left.length > 0) throw new Error(`left behind: ${left.join('; ')}`);
    } finally {
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  /** What disturbs the cloud, without a process of the bin for each look. */
  get cloudAdmin(): LocalCloudAdmin {
    return new LocalCloudAdmin(this.up.awsEndpointUrl, this.up.secretAccessKey);
  }

  /** Runs the bin; `changes` are laid over its environment. */
  runctl(args: readonly string[], changes: NodeJS.ProcessEnv = {}): Promise<Ran> {
    return runctlIn(this.folder, { ...this.environment, ...changes }, args);
  }

  /** Starts the bin and reads along; ends with `ended`. */
  startRunctl(args: readonly string[], changes: NodeJS.ProcessEnv = {}): Running {
    const child = spawn(process.execPath, ['--no-warnings', bin, ...args], {
      cwd: this.folder,
      env: { ...this.environment, ...changes },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const texts = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => (texts[name] += chunk.toString()));
    }
    const ended = new Promise<Ran>((resolve) => {
      child.once('close', (code) => {
        resolve({ ...texts, exitCode: code ?? 255 });
      });
    });
    return {
      stdout: () => texts.stdout,
      stderr: () => texts.stderr,
      hasEnded: () => child.exitCode !== null || child.signalCode !== null,
      ended,
      kill: (signal) => {
        child.kill(signal);
      },
    };
  }

  async runctlJson<T>(args: readonly string[]): Promise<T> {
    const ran = await this.runctl(['--output', 'json', ...args]);
    try {
      return JSON.parse(ran.stdout) as T;
    } catch {
      throw new Error(
        `runctl ${args.join(' ')} printed no document (exit ${ran.exitCode}): ${ran.stdout}${ran.stderr}`,
      );
    }
  }

  /** The stock `temporal` CLI, pointed at this server. */
  temporal(args: readonly string[]): Promise<Ran> {
    const { temporalAddress, temporalNamespace } = this.up;
    const target = ['--address', temporalAddress, '--namespace', temporalNamespace];
    return run(findTemporal(), [...args, ...target], { cwd: this.folder, env: this.environment });
  }

  signal(runId: string, name: string, ...more: string[]): Promise<Ran> {
    return this.temporal([
      'workflow',
      'signal',
      '--workflow-id',
      `run/${runId}`,
      '--name',
      name,
      ...more,
    ]);
  }

  /** Starts a training through the CLI; examples/char-lm at a pace that leaves time to interfere, unless told otherwise. */
  async train(name: string, options: TrainOptions = {}): Promise<string> {
    const script = options.script ?? path.join(root, 'examples/char-lm/train.py');
    const scriptArgs = options.scriptArgs ?? [
      ...['--steps', '200', '--checkpoint-every', '20', '--step-seconds', '0.1'],
    ];
    const document = await this.runctlJson<{ runId: string }>([
      ...['aws', 'train', script, '--name', name],
      ...['--instance-type', options.instanceType ?? 'g5.xlarge'],
      ...[...(options.flags ?? []), '--', ...scriptArgs],
    ]);
    return document.runId;
  }

  /** Waits until the run is where the question says; the snapshot of that moment. */
  reaches(runId: string, what: string, is: (run: RunSnapshot) => boolean): Promise<RunSnapshot> {
    return waitFor(`${runId}: ${what}`, async () => {
      const run = await this.client.status(runId);
      if (is(run)) return run;
      if (run.isOver)
        throw new GivenUp(
          `${runId} is over before it reached ${what}: ${run.state}, ${run.message}`,
        );
      return undefined;
    });
  }

  /** Waits until the attempt trains at this step or later; returns its instance. */
  async training(runId: string, attemptNumber: number, step: number): Promise<string> {
    const run = await this.reaches(
      runId,
      `attempt ${attemptNumber} at step ${step}`,
      ({ attempts, progress }) => {
        const attempt = attempts.at(-1);
        return (
          attempt?.number === attemptNumber &&
          attempt.instanceId !== null &&
          (progress?.step ?? -1) >= step
        );
      },
    );
    return run.attempts.at(-1)?.instanceId ?? '';
  }

  async ended(runId: string): Promise<RunSnapshot> {
    // The server tells when it is over: asking all the time would cost it, and the worker, more than the run itself.
    const handle = this.client.temporal.workflow.getHandle(`run/${runId}`);
    await Promise.race([
      handle.result().catch(() => undefined),
      sleep(patienceMs, undefined, { ref: false }),
    ]);
    return waitFor(`the end of ${runId}`, async () => {
      const run = await this.client.status(runId);
      return run.isOver ? run : undefined;
    });
  }

  /** What the cloud says of itself: `runctl local status`. */
  localStatus(): Promise<LocalCloudStatus> {
    return this.runctlJson<LocalCloudStatus>(['local', 'status']);
  }

  /** Instances of this cloud, or of one run, that cost money now. */
  async liveInstances(runId?: string): Promise<string[]> {
    const instances = await this.instancesOf(runId);
    return instances
      .filter(({ state }) => state === 'pending' || state === 'running')
      .map(({ instanceId }) => instanceId);
  }

  /** Every instance that was ever launched here, or for one run. */
  async launchedInstances(runId?: string): Promise<string[]> {
    return (await this.instancesOf(runId)).map(({ instanceId }) => instanceId);
  }

  /** Waits until no execution of the child is open any more: after a terminate it is the one that cleans up. */
  childIsOver(runId: string): Promise<boolean> {
    return waitFor(`the end of the child of ${runId}`, async () => {
      const child = this.client.temporal.workflow.getHandle(`run/${runId}/attempt`);
      const { status } = await child.describe();
      return status.name === 'RUNNING' ? undefined : true;
    });
  }

  /** Waits until EC2 says that the instance is terminated. */
  instanceGone(instanceId: string): Promise<boolean> {
    return waitFor(`the end of ${instanceId}`, async () => {
      const { instances } = await this.localStatus();
      const found = instances.find((one) => one.instanceId === instanceId);
      return found === undefined || found.state === 'terminated' ? true : undefined;
    });
  }

  /** sha256 of a file of the run's newest checkpoint, as it lies in the bucket. */
  async checkpointFileSha256(runId: string, file: string): Promise<string> {
    const { checkpoint } = await this.client.status(runId);
    if (checkpoint === null) throw new Error(`${runId} has no checkpoint`);
    const { awsEndpointUrl, region, bucket, accessKeyId, secretAccessKey } = this.up;
    const s3 = new S3Client({
      endpoint: awsEndpointUrl,
      region,
      credentials: { accessKeyId, secretAccessKey },
      forcePathStyle: true,
    });
    try {
      const reply = await s3.send(
        new GetObjectCommand({ Bucket: bucket, Key: checkpoint.prefix + file }),
      );
      const bytes = await reply.Body?.transformToByteArray();
      return createHash('sha256')
        .update(bytes ?? new Uint8Array())
        .digest('hex');
    } finally {
      s3.destroy();
    }
  }

  /** kill -9, and waits until the process is gone. */
  async kill(part: 'temporal' | 'localCloud' | 'worker'): Promise<void> {
    const pid = this.up.pids[part]?.pid;
    if (pid === undefined) throw new Error(`no ${part} runs`);
    process.kill(pid, 'SIGKILL');
    await waitFor(`the end of ${part}`, () => Promise.resolve(isAlive(pid) ? undefined : true));
  }

  /** Starts a worker again, as the message of `runctl up` says; `runctl down` ends it with the rest. */
  startWorker(): void {
    spawn(process.execPath, ['--no-warnings', bin, 'worker'], {
      cwd: this.folder,
      env: this.environment,
      stdio: 'ignore',
    });
  }

  /** Kills a part with -9 and starts the same command on the same files; ended with the returned function. */
  async restart(part: 'temporal' | 'localCloud'): Promise<() => void> {
    const pid = this.up.pids[part]?.pid ?? 0;
    const [command, ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
      .split('\0')
      .slice(0, -1);
    if (command === undefined) throw new Error(`no ${part} runs`);
    await this.kill(part);
    const options = { cwd: this.folder, env: this.environment, stdio: 'ignore' } as const;
    const child = spawn(command, args, options);
    return () => {
      // The local cloud ends its instances when it is asked to end.
      child.kill(part === 'temporal' ? 'SIGKILL' : 'SIGTERM');
    };
  }

  private async instancesOf(runId?: string): Promise<LocalCloudStatus['instances']> {
    const { instances } = await this.localStatus();
    return instances.filter(({ tags }) => runId === undefined || tags['runctl:run-id'] === runId);
  }
}

function runctlIn(
  folder: string,
  environment: NodeJS.ProcessEnv,
  args: readonly string[],
): Promise<Ran> {
  return run(process.execPath, ['--no-warnings', bin, ...args], { cwd: folder, env: environment });
}

/** Command lines of living processes that were started from the folder. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name) || !isAlive(Number(name))) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
      const environment = readFileSync(`/proc/${name}/environ`, 'utf8');
      return command.includes(folder) || environment.includes(`=${folder}`)
        ? [`${name} ${command}`]
        : [];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
}

function run(
  command: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(
      command,
      args,
      { ...options, maxBuffer: 64 * 1024 * 1024, timeout: 300_000 },
      (error, stdout, stderr) => {
        const exitCode = error === null ? 0 : typeof error.code === 'number' ? error.code : 255;
        resolve({ exitCode, stdout, stderr });
      },
    );
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}
