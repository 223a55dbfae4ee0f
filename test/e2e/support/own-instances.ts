import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInstance } from '../../../client/instances/instance-client';
import type { LocalCloudStatus } from '../../../client/local-cloud/admin-client';
import type { PurchaseOption } from '../../../domain/instance';
import type { Ran, Stack } from './stack';
import { waitFor } from './wait-for';

/**
 * Counts steps until its flag is there, saves, and exits with the code that stands in the flag. SIGTERM means save and
 * exit, unless `stubborn`; then it also has a child in a session of its own.
 */
const trainer = [
  'import os, pathlib, signal, subprocess, sys, time',
  'flag, stopped, step = pathlib.Path(sys.argv[1]), [], 0',
  'if sys.argv[2:] == ["stubborn"]:',
  '    signal.signal(signal.SIGTERM, signal.SIG_IGN)',
  '    subprocess.Popen(["setsid", "sleep", "600"])',
  'else:',
  '    signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))',
  'while not flag.exists() and not stopped:',
  '    step += 1',
  '    print(f"step {step}", flush=True)',
  '    time.sleep(0.05)',
  'folder = pathlib.Path(os.environ["RUNCTL_CHECKPOINT_DIR"])',
  '(folder / ".saving").write_text(str(step))',
  'os.rename(folder / ".saving", folder / f"step-{step}")',
  'sys.exit(int(flag.read_text()) if flag.exists() else 0)',
];

/** An instance of the user's own with trainings on it. The verbs under test go through the bin, the rest does not. */
export class OwnInstance {
  private constructor(
    private readonly stack: Stack,
    readonly instanceId: string,
    private readonly script: string,
    /** How many processes it has when nothing trains. */
    private readonly idleCount: number,
  ) {}

  static async create(stack: Stack, purchase: PurchaseOption = 'on-demand'): Promise<OwnInstance> {
    return OwnInstance.of(stack, await createOwn(stack, purchase));
  }

  /** Waits until it can train. */
  static async of(stack: Stack, instanceId: string): Promise<OwnInstance> {
    const idleCount = await awaitIdle(stack, instanceId);
    const folder = path.join(stack.folder, 'trainer');
    mkdirSync(folder, { recursive: true });
    const script = path.join(folder, 'train.py');
    writeFileSync(script, trainer.map((line) => `${line}\n`).join(''));
    return new OwnInstance(stack, instanceId, script, idleCount);
  }

  /** The command that trains on it. */
  command(name: string, ...options: string[]): string[] {
    const target = [this.instanceId, this.script, '--name', name, '--max-errors', '0'];
    return ['aws', 'train', ...target, ...options, '--', this.flag(name)];
  }

  /** Starts a training and waits for its first steps. */
  async train(name: string, ...more: string[]): Promise<void> {
    const scriptArgs = [this.flag(name), ...more];
    const { script, instanceId } = this;
    await this.stack.client.train({ name, script, instanceId, scriptArgs, maxErrors: 0 });
    await this.stack.training(name, 1, 2);
  }

  /** Lets a training end by itself, with this exit code. */
  finish(name: string, exitCode = 0): void {
    writeFileSync(this.flag(name), String(exitCode));
  }

  on(verb: string, ...options: string[]): Promise<Ran> {
    return this.stack.runctl(['aws', verb, this.instanceId, ...options]);
  }

  /** A file of the training as it lies on the instance; null when it is not there. */
  read(name: string): string | null {
    const file = path.join(this.trainingFolder(), name);
    return existsSync(file) ? readFileSync(file, 'utf8') : null;
  }

  /** Leaves a file of a training on it, as one that never ended would. */
  write(name: string, text: string): void {
    mkdirSync(this.trainingFolder(), { recursive: true });
    writeFileSync(path.join(this.trainingFolder(), name), text);
  }

  /** Waits until nothing of a training lives on it, and says whether it runs and is clean. */
  async isFreeAndRunning(): Promise<boolean> {
    const { state } = await waitFor(`an idle ${this.instanceId}`, async () => {
      const found = await findInstance(this.stack, this.instanceId);
      return (found?.processCount ?? 0) <= this.idleCount ? found : undefined;
    });
    const left = ['training.pid', 'lock', 'code', 'checkpoints'].filter(
      (name) => this.read(name) !== null,
    );
    return state === 'running' && left.length === 0;
  }

  private flag(name: string): string {
    return path.join(this.stack.folder, `${name}.flag`);
  }

  private trainingFolder(): string {
    return path.join(runctlRoot(this.stack, this.instanceId), 'training');
  }
}

/** RUNCTL_ROOT of an instance: its disk is on this machine. */
export const runctlRoot = (stack: Stack, instanceId: string): string =>
  path.join(stack.folder, '.runctl/local-cloud/instances', instanceId, 'var/lib/runctl');

type FoundInstance = LocalCloudStatus['instances'][number];

/** An instance as a user creates one to train on; its id. */
export async function createOwn(stack: Stack, purchase: PurchaseOption): Promise<string> {
  const request = { instanceType: 'g5.xlarge', purchase, zones: [], name: 'own' };
  return (await createInstance(stack.client.cloud, request, null)).view.instanceId;
}

/** Waits until it can train; how many processes it has while nothing does. */
export async function awaitIdle(stack: Stack, instanceId: string): Promise<number> {
  await stack.client.cloud.ask(({ calls, cloud }) => calls.awaitReady(cloud, instanceId));
  return (await findInstance(stack, instanceId))?.processCount ?? 0;
}

/** What the cloud says of one instance. */
export async function findInstance(
  stack: Stack,
  instanceId: string,
): Promise<FoundInstance | undefined> {
  const { instances } = await stack.cloudAdmin.status();
  return instances.find((one) => one.instanceId === instanceId);
}
