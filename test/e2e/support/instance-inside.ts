import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { awaitIdle, createOwn, findInstance, runctlRoot } from './own-instances';
import type { Stack } from './stack';
import { waitFor } from './wait-for';

interface Process {
  readonly pid: number;
  readonly startTime: string;
  readonly bootId: string;
}

/** What the tests look at in report.json. */
interface WrittenReport {
  readonly state: string;
  readonly supervisor: Process;
  readonly trainer: Process | null;
  readonly progress: { readonly step: number } | null;
}

/** What an attempt must take away with it; logs and last words may stay on an instance of the user's. */
const ownedNames = [
  ...['training.pid', 'lock', 'notice.json', 'code', 'checkpoints', 'resume', 'hooks'],
  ...['stop-request.json', 'save-request.json', 'save-reply.json', 'lease.json'],
];

/** An instance of the local cloud, seen from inside: its disk and its processes are on this machine. */
export class InstanceInside {
  constructor(
    private readonly stack: Stack,
    readonly instanceId: string,
    private readonly processCountBefore: number,
  ) {}

  /** Creates an instance as a user would who trains on their own, and waits until it can. */
  static async create(stack: Stack): Promise<InstanceInside> {
    const instanceId = await createOwn(stack, 'on-demand');
    return new InstanceInside(stack, instanceId, await awaitIdle(stack, instanceId));
  }

  /** A file below RUNCTL_ROOT. */
  path(...names: readonly string[]): string {
    return path.join(runctlRoot(this.stack, this.instanceId), ...names);
  }

  report(): WrittenReport | null {
    const file = this.path('training/report.json');
    return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as WrittenReport) : null;
  }

  /** Waits for what the supervisor writes about itself. */
  reports(what: string, is: (report: WrittenReport) => boolean): Promise<WrittenReport> {
    return waitFor(`${this.instanceId}: ${what}`, () => {
      const report = this.report();
      return Promise.resolve(report !== null && is(report) ? report : undefined);
    });
  }

  /** Waits until the script has come to this step, and the supervisor has read it. */
  step(step: number): Promise<WrittenReport> {
    return this.reports(`step ${step}`, ({ progress }) => (progress?.step ?? -1) >= step);
  }

  /** kill -9 of the supervisor, and in the same moment of its trainer if told so: no poll comes between. */
  killSupervisor(options: { readonly withTrainer: boolean }): void {
    const { supervisor, trainer } = this.report() ?? {};
    if (supervisor === undefined || trainer == null) throw new Error('nothing trains there');
    process.kill(supervisor.pid, 'SIGKILL');
    if (options.withTrainer) process.kill(trainer.pid, 'SIGKILL');
  }

  /** Rewrites the files so that supervisor and trainer are said to be this process. */
  pretend(identity: Process): void {
    for (const [name, change] of [
      ['report.json', { supervisor: identity, trainer: identity }],
      ['training.pid', identity],
    ] as const) {
      const file = this.path('training', name);
      const content = JSON.parse(readFileSync(file, 'utf8')) as object;
      writeFileSync(`${file}.new`, JSON.stringify({ ...content, ...change }));
      renameSync(`${file}.new`, file);
    }
  }

  /** What is left of the training: files by name, and processes that were not there before it. */
  async leftovers(): Promise<string[]> {
    const files = ownedNames.filter((name) => existsSync(this.path('training', name)));
    const isClean = (count: number) => count === this.processCountBefore;
    let count = -1;
    await waitFor(`${this.instanceId} to be clean`, async () => {
      // The process of the last command takes a moment to end.
      count = (await findInstance(this.stack, this.instanceId))?.processCount ?? 0;
      return isClean(count) ? true : undefined;
    }).catch(() => undefined);
    return isClean(count) ? files : [...files, `${count - this.processCountBefore} processes`];
  }
}
