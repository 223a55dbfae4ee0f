import { ApplicationFailure, ApplicationFailureCategory } from '@temporalio/common';
import type {
  ControlActivities,
  LaunchInput,
  LaunchReply,
  SaveReply,
  StartReply,
  WatchActivities,
  WatchInput,
  WatchVerdict,
} from '../../activities/contract';
import type { Alert } from '../../domain/alerts';
import type { Checkpoint } from '../../domain/checkpoint';
import type { LaunchedInstance } from '../../domain/instance';
import type { TrainerResult } from '../../domain/supervisor-report';
import { trainerResult } from './trainer-result';

export type ActivityName = keyof ControlActivities | keyof WatchActivities;

export interface ScriptedInstance {
  readonly launched: LaunchedInstance;
  readonly attemptNumber: number;
  /** Null on a fresh start; undefined before the start. */
  resumeFrom: Checkpoint | null | undefined;
  isRunning: boolean;
  isTraining: boolean;
  step: number;
  verdict: WatchVerdict | null;
}

/** One call that waits for the test. */
export interface Gate {
  /** Resolves once an activity has reached the gate. */
  readonly reached: Promise<void>;
  /** Lets this call and all later ones pass. */
  open(): void;
}

/** The other side of activities/contract.ts, in memory: a cloud whose every answer the test decides. */
export class ScriptedCloud {
  readonly instances: ScriptedInstance[] = [];
  readonly calls: ActivityName[] = [];
  readonly launches: LaunchInput[] = [];
  readonly watches: WatchInput[] = [];
  readonly delivered: Alert[] = [];
  checkpoint: Checkpoint | null = null;
  fence = 0;
  /** Answers of the next launches; a launch without one succeeds. */
  launchReplies: (LaunchReply | Error)[] = [];
  /** What the next launches tell otherwise than usual. */
  launchChanges: Partial<LaunchedInstance> = {};
  /** What a look says of the cost; null or nothing lets the training go on. */
  costVerdict?: (input: WatchInput) => WatchVerdict | null;
  startReply: StartReply = { kind: 'started' };
  /** What the activity throws, until it is removed. */
  readonly failures = new Map<ActivityName, Error>();
  pollMs = 30;

  private readonly gates = new Map<
    ActivityName,
    Gate & { arrive: () => void; opened: Promise<void> }
  >();
  private nextInstance = 1;

  get running(): readonly string[] {
    return this.instances.filter((i) => i.isRunning).map((i) => i.launched.instanceId);
  }

  get training(): readonly string[] {
    return this.instances.filter((i) => i.isTraining).map((i) => i.launched.instanceId);
  }

  get latest(): ScriptedInstance {
    const latest = this.instances.at(-1);
    if (latest === undefined) throw new Error('No instance was launched yet.');
    return latest;
  }

  /** Makes the next calls of an activity wait. */
  hold(activity: ActivityName): Gate {
    let open: () => void = () => undefined;
    let arrive: () => void = () => undefined;
    const opened = new Promise<void>((resolve) => (open = resolve));
    const reached = new Promise<void>((resolve) => (arrive = resolve));
    const gate = {
      reached,
      arrive,
      opened,
      open: () => {
        this.gates.delete(activity);
        open();
      },
    };
    this.gates.set(activity, gate);
    return gate;
  }

  /** Lets everything pass that waits: no call may outlive its test. */
  openGates(): void {
    for (const gate of this.gates.values()) gate.open();
  }

  /** The trainer of the newest instance ends. */
  end(result: Partial<TrainerResult> = {}): void {
    const instance = this.latest;
    instance.isTraining = false;
    instance.verdict = {
      kind: 'trainer-ended',
      result: trainerResult(result),
      checkpoint: this.checkpoint,
      notice: null,
      firstStep: instance.resumeFrom?.step ?? 0,
      lastStep: instance.step,
    };
  }

  /** The newest instance dies without notice. */
  kill(): void {
    const instance = this.latest;
    Object.assign(instance, { isRunning: false, isTraining: false });
    instance.verdict = {
      kind: 'instance-gone',
      gone: { code: 'Server.SpotInstanceTermination', message: '' },
      lastStep: instance.step,
      firstStep: 0,
    };
  }

  /** The trainer publishes a checkpoint by itself. */
  publish(step: number): Checkpoint {
    const { attemptNumber } = this.latest;
    this.latest.step = step;
    this.checkpoint = {
      step,
      attemptNumber,
      prefix: `runs/r/checkpoints/${step}-a${attemptNumber}-x/`,
      publishedAt: new Date().toISOString(),
    };
    return this.checkpoint;
  }

  activities(): ControlActivities & WatchActivities {
    const wrap = <Input, Output>(name: ActivityName, act: (input: Input) => Output) => {
      return async (input: Input): Promise<Output> => {
        this.calls.push(name);
        const gate = this.gates.get(name);
        if (gate !== undefined) {
          gate.arrive();
          await gate.opened;
        }
        const failure = this.failures.get(name);
        if (failure !== undefined) throw failure;
        return act(input);
      };
    };
    return {
      pickResumePoint: wrap('pickResumePoint', ({ attemptNumber }) => {
        this.fence = Math.max(this.fence, attemptNumber);
        return this.checkpoint;
      }),
      launchInstance: wrap('launchInstance', (input) => this.launch(input)),
      awaitInstanceReady: wrap('awaitInstanceReady', () => ({ kind: 'ready' as const })),
      startTraining: wrap('startTraining', ({ instanceId, resumeFrom }) => {
        const instance = this.find(instanceId);
        if (this.startReply.kind === 'started') {
          Object.assign(instance, {
            isTraining: true,
            resumeFrom,
            step: resumeFrom?.step ?? 0,
          });
        }
        return this.startReply;
      }),
      saveCheckpoint: wrap('saveCheckpoint', ({ instanceId, mode, reason }) =>
        this.save(instanceId, mode, reason),
      ),
      cleanUpTraining: wrap('cleanUpTraining', ({ instanceId }) => {
        this.find(instanceId).isTraining = false;
        return { removed: ['training.pid'] };
      }),
      releaseInstance: wrap('releaseInstance', ({ attemptNumber }) => ({
        instances: this.release((i) => i.attemptNumber === attemptNumber),
      })),
      releaseRun: wrap('releaseRun', () => ({
        instances: this.release((i) => i.isRunning),
        checkpoint: this.checkpoint,
      })),
      deliverAlert: wrap('deliverAlert', (alert) => {
        this.delivered.push(alert);
        return { channels: ['log'] };
      }),
      checkAccount: () => Promise.reject(new Error("The account is nobody's run.")),
      reapOrphans: () => Promise.resolve({ examined: 0, terminated: [] }),
      watchTraining: wrap('watchTraining', (input) => this.watch(input)),
    };
  }

  private launch(input: LaunchInput): LaunchReply {
    this.launches.push(input);
    const scripted = this.launchReplies.shift();
    if (scripted instanceof Error) throw scripted;
    if (scripted !== undefined) return scripted;
    const isOurs = input.capacity.kind === 'launch';
    const launched: LaunchedInstance = {
      instanceId:
        input.capacity.kind === 'launch'
          ? `i-0000000${this.nextInstance++}`
          : input.capacity.instanceId,
      instanceType: 'g5.xlarge',
      zone: 'us-east-1a',
      purchase: input.purchase,
      launchedAt: new Date().toISOString(),
      isOurs,
      pricePerHourUsd: 0.36,
      onDemandPricePerHourUsd: 1.2,
      ...this.launchChanges,
    };
    this.instances.push({
      launched,
      attemptNumber: input.attemptNumber,
      resumeFrom: undefined,
      isRunning: true,
      isTraining: false,
      step: 0,
      verdict: null,
    });
    return { kind: 'launched', instance: launched };
  }

  private watch(input: WatchInput): WatchVerdict {
    const instance = this.find(input.instanceId);
    if (instance.verdict !== null) return instance.verdict;
    const said = this.costVerdict?.(input) ?? null;
    this.watches.push(input);
    if (said !== null) return said;
    instance.step += 1;
    throw ApplicationFailure.create({
      type: 'still-training',
      message: `step ${instance.step}`,
      nextRetryDelay: this.pollMs,
      category: ApplicationFailureCategory.BENIGN,
    });
  }

  private save(instanceId: string, mode: string, reason: 'interruption' | 'stop'): SaveReply {
    const instance = this.find(instanceId);
    if (!instance.isRunning) {
      return { kind: 'instance-gone', gone: { code: 'Client.UserInitiatedShutdown', message: '' } };
    }
    const checkpoint = mode === 'force-stop' ? this.checkpoint : this.publish(instance.step);
    if (mode !== 'save') instance.isTraining = false;
    const stopCause = mode === 'force-stop' ? 'force-stop' : reason;
    const result = mode === 'save' ? null : trainerResult({ stopCause });
    return { kind: 'saved', checkpoint, result, lastStep: instance.step };
  }

  private release(isMeant: (instance: ScriptedInstance) => boolean) {
    return this.instances.filter(isMeant).map((instance) => {
      instance.isRunning &&= !instance.launched.isOurs;
      instance.isTraining = false;
      return {
        instance: instance.launched,
        attemptNumber: instance.attemptNumber,
        billedSeconds: 60,
        costUsd: 0.006,
        onDemandCostUsd: 0.02,
      };
    });
  }

  private find(instanceId: string): ScriptedInstance {
    // The newest one of that id: an instance of the user's appears once per attempt.
    const found = this.instances.findLast((i) => i.launched.instanceId === instanceId);
    if (found === undefined) throw new Error(`No instance ${instanceId}.`);
    return found;
  }
}
