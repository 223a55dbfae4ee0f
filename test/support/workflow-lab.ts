import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import type { AttemptCarryOver } from '../../domain/carry-over';
import { attemptWorkflowId, runWorkflowId, taskQueues } from '../../domain/ids';
import type { Phase, RunResult, RunStatus } from '../../workflows/messages';
import { ScriptedAccount } from './scripted-account';
import { ScriptedCloud } from './scripted-cloud';
import { smallSpec } from './small-spec';
import { findTemporal, startTemporal } from './temporal-server';
import { until } from './until';

/** A run under test. */
export interface LabRun {
  readonly runId: string;
  readonly parentId: string;
  readonly childId: string;
  readonly handle: WorkflowHandle;
  /** What answers the activities of this run, and of no other. */
  readonly cloud: ScriptedCloud;
}

/** A dev server with our workflows on it, and a scripted cloud below them. */
export class WorkflowLab {
  /** What answers the activities that concern no run. */
  readonly account = new ScriptedAccount();
  private readonly clouds = new Map<string, ScriptedCloud>();

  private constructor(
    readonly env: TestWorkflowEnvironment,
    private workers: Worker[],
    private running: Promise<unknown>,
  ) {}

  static async start(): Promise<WorkflowLab> {
    const env = await startTemporal();
    const lab = new WorkflowLab(env, [], Promise.resolve());
    try {
      await lab.startWorkers();
    } catch (error) {
      await env.teardown();
      throw error;
    }
    return lab;
  }

  async end(): Promise<void> {
    for (const cloud of this.clouds.values()) cloud.openGates();
    for (const worker of this.workers) worker.shutdown();
    await this.running;
    await this.env.teardown();
  }

  /** Starts a run on a cloud of its own, which `script` may prepare. */
  async startRun(
    changes: object = {},
    script?: (cloud: ScriptedCloud) => unknown,
  ): Promise<LabRun> {
    const runId = `r-${randomUUID().slice(0, 8)}`;
    const cloud = new ScriptedCloud();
    script?.(cloud);
    this.clouds.set(runId, cloud);
    const handle = await this.env.client.workflow.start('trainingRun', {
      workflowId: runWorkflowId(runId),
      taskQueue: taskQueues.workflows,
      args: [{ ...smallSpec(runId), ...changes }],
    });
    const [parentId, childId] = [handle.workflowId, attemptWorkflowId(runId)];
    return { runId, parentId, childId, handle, cloud };
  }

  /** Starts an attempt by itself, in the middle of a run's life. */
  async startAttempt(
    carried: AttemptCarryOver,
    script?: (cloud: ScriptedCloud) => unknown,
  ): Promise<Pick<LabRun, 'handle' | 'cloud'>> {
    const runId = `r-${randomUUID().slice(0, 8)}`;
    const cloud = new ScriptedCloud();
    script?.(cloud);
    this.clouds.set(runId, cloud);
    const handle = await this.env.client.workflow.start('trainingAttempt', {
      workflowId: attemptWorkflowId(runId),
      taskQueue: taskQueues.workflows,
      args: [{ ...carried, spec: { ...carried.spec, runId } }],
    });
    return { handle, cloud };
  }

  /** Waits until the newest instance trains as the given attempt. */
  async training({ cloud }: LabRun, attemptNumber: number): Promise<void> {
    await until(
      `attempt ${attemptNumber} trains`,
      () => cloud.instances.at(-1),
      (i) =>
        i?.attemptNumber === attemptNumber && i.isTraining && i.step > (i.resumeFrom?.step ?? 0),
    );
  }

  /** Waits until the child shows a phase. */
  phase(run: LabRun, phase: Phase): Promise<RunStatus | null> {
    const look = () => this.childStatus(run).catch(notThereYet);
    return until(`the phase ${phase}`, look, (status) => status?.phase === phase);
  }

  /** Interrupts the attempt that trains, and waits until the next one does. */
  async interrupt(run: LabRun): Promise<void> {
    const { attemptNumber, launched } = run.cloud.latest;
    await run.handle.signal('spotInterruption', { instanceId: launched.instanceId });
    await this.training(run, attemptNumber + 1);
  }

  async result(run: LabRun): Promise<RunResult> {
    return (await run.handle.result()) as RunResult; // trainingRun returns a RunResult
  }

  childStatus(run: LabRun): Promise<RunStatus> {
    return this.env.client.workflow.getHandle(run.childId).query<RunStatus>('status');
  }

  async state(workflowId: string): Promise<string> {
    const { status } = await this.env.client.workflow.getHandle(workflowId).describe();
    return status.name;
  }

  /** Waits until a workflow has ended, and tells how. */
  ended(workflowId: string, timeoutMs?: number): Promise<string> {
    const look = () => this.state(workflowId);
    return until(`${workflowId} has ended`, look, (state) => state !== 'RUNNING', timeoutMs);
  }

  /** The stock CLI, as a person would use it. */
  async temporal(...args: string[]): Promise<string> {
    const connection = ['--address', this.env.address, '--namespace', this.env.namespace ?? ''];
    const child = spawn(findTemporal(), [...args, ...connection], {
      env: { PATH: process.env['PATH'], HOME: process.env['HOME'] },
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
    if (code !== 0) throw new Error(`temporal ${args.join(' ')} ended with ${code}: ${output}`);
    return output;
  }

  private async startWorkers(): Promise<void> {
    const workflowBundle = await bundleWorkflowCode({
      workflowsPath: require.resolve('../../workflows'),
      logger: new DefaultLogger('ERROR'),
    });
    const base = {
      connection: this.env.nativeConnection,
      namespace: this.env.namespace ?? 'default',
    };
    const activities = Object.fromEntries(
      Object.keys(new ScriptedCloud().activities()).map((name) => [
        name,
        (input: { runId: string | null }) => this.answer(name, input),
      ]),
    );
    this.workers = await Promise.all([
      Worker.create({ ...base, taskQueue: taskQueues.workflows, workflowBundle }),
      Worker.create({ ...base, taskQueue: taskQueues.control, activities }),
      Worker.create({ ...base, taskQueue: taskQueues.watch, activities }),
    ]);
    this.running = Promise.all(this.workers.map((worker) => worker.run()));
  }

  private answer(activity: string, input: { runId: string | null }): unknown {
    if (activity === 'checkAccount') return this.account.check(input);
    const cloud = input.runId === null ? this.account : this.clouds.get(input.runId);
    if (cloud instanceof ScriptedAccount) return cloud.deliver(input);
    if (cloud === undefined) throw new Error(`No run ${input.runId} was started here.`);
    // By name, as the worker looks activities up; the workflow's side of the contract is typed.
    const activities = cloud.activities() as unknown as Record<string, (i: unknown) => unknown>;
    return activities[activity]?.(input);
  }
}

function notThereYet(error: unknown): null {
  if (error instanceof WorkflowNotFoundError) return null;
  throw error;
}
