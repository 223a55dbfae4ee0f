import type { Alert, AlertUpdate } from '../domain/alerts';
import type { FreeReason } from '../domain/bill';
import type { Checkpoint } from '../domain/checkpoint';
import type {
  CapacityPool,
  InstanceGone,
  LaunchedInstance,
  PurchaseOption,
  PriceSource,
} from '../domain/instance';
import type { Instant } from '../domain/instant';
import type { ProgressTrace } from '../domain/progress-trace';
import type { CapacityRequest, TrainingRunSpec } from '../domain/run-spec';
import type { SeenNotice, TrainerResult } from '../domain/supervisor-report';

/** Names one attempt; every activity is idempotent for it. */
export interface AttemptRef {
  readonly runId: string;
  readonly attemptNumber: number;
  /** Tells the run from one of the same name that another control plane has on the same instance. */
  readonly claim?: string | undefined;
}

/** What a workflow may ask for on the task queue `runctl-control`. */
export interface ControlActivities {
  /**
   * Raises the fence of the run to this attempt, so that no older attempt can publish any more, and returns the newest
   * checkpoint whose manifest and files verify; null when there is none.
   */
  pickResumePoint(input: AttemptRef): Promise<Checkpoint | null>;

  /**
   * Launches one instance and returns once EC2 accepted; does not wait for boot. A launch of the same attempt whose
   * reply was lost is found by its tags and adopted, never doubled. For an existing instance it only describes it.
   *
   * @throws launch-refused, unknown-instance-type, not-authorized: permanent.
   */
  launchInstance(input: LaunchInput): Promise<LaunchReply>;

  /**
   * Looks whether the instance runs and its SSM agent answers; while not, throws a BENIGN failure that Temporal repeats, with
   * a message for people. While the instance is pending it looks closely, since its bill begins when it runs.
   */
  awaitInstanceReady(input: OnInstance): Promise<ReadyReply>;

  /** Delivers the supervisor and starts it; returns when it has accepted. Exactly one trainer per instance. */
  startTraining(input: StartInput): Promise<StartReply>;

  /** Saves within the notice; `save-and-stop` ends the trainer afterwards. Repeating it returns the same checkpoint. */
  saveCheckpoint(input: SaveInput): Promise<SaveReply>;

  /** Ends the trainer's processes and the supervisor, removes `training.pid`, lock and markers. Gone is success. */
  cleanUpTraining(input: OnInstance): Promise<CleanUpReply>;

  /** Terminates every instance of this attempt (found by tag as well as by id); for an existing one does nothing. */
  releaseInstance(input: ReleaseInput): Promise<ReleaseReply>;

  /**
   * The parent's last guarantee: cleans up and terminates whatever carries the run's tag, of any attempt, and prunes
   * checkpoints down to `keepLast`.
   */
  releaseRun(input: {
    readonly runId: string;
    readonly claim?: string | undefined;
    readonly existingInstanceId: string | null;
    /** The attempt was ended from outside, so nobody but this call cleans up: silence of SSM is not enough then. */
    readonly wasCutOff: boolean;
    readonly keepLastCheckpoints: number;
  }): Promise<ReleaseRunReply>;

  /**
   * Tells people of an alert: the worker's log, and the command and webhook of its configuration. Idempotent by key:
   * what an earlier try has reached is not told again.
   */
  deliverAlert(input: Alert): Promise<AlertDelivery>;

  /** Looks at what all runs of the account and region cost together, and says what to warn of. */
  checkAccount(input: { readonly inForce: readonly string[] }): Promise<AccountCheck>;

  /** Ends instances of ours whose run is over, or unknown, and that are older than the grace time. */
  reapOrphans(): Promise<ReapReply>;
}

/** What a workflow may ask for on the task queue `runctl-watch`. */
export interface WatchActivities {
  /**
   * Looks once (EC2 and supervisor). While the trainer lives it throws a BENIGN failure with `nextRetryDelay` whose
   * message is a status line, with `WatchDetails` as heartbeat details. A verdict is a return value.
   * Renews the supervisor's lease.
   */
  watchTraining(input: WatchInput): Promise<WatchVerdict>;
}

export interface LaunchInput extends AttemptRef {
  readonly capacity: CapacityRequest;
  /** How this attempt is paid: the request's own choice, or On-Demand once the fallback applies. */
  readonly purchase: PurchaseOption;
  /** Pools that failed a short while ago; used only when no other pool is left. */
  readonly avoidPools: readonly CapacityPool[];
  /** @see metadataHopLimit */
  readonly metadataHopLimit: 1 | 2;
  /** Absent from workers that do not know alerts. */
  readonly tab?: RunTab;
}

/** What the cost of a run, and its alerts, are counted from. */
export interface RunTab {
  readonly runStartedAt: Instant;
  /** Of the attempts that have ended. */
  readonly endedCostUsd: number;
  /** The run saves and ends when it has cost so much; null is unlimited. */
  readonly maxCostUsd: number | null;
  readonly asksForSpot: boolean;
  /** {@link AlertUpdate.inForce} of the last look. */
  readonly inForce: readonly string[];
}

export type LaunchReply =
  | {
      readonly kind: 'launched';
      readonly instance: LaunchedInstance;
      readonly alerts?: AlertUpdate | null;
    }
  | {
      readonly kind: 'capacity-shortage';
      readonly isQuota: boolean;
      /** The worker's own limit of instances is reached, not one of AWS. */
      readonly isOwnLimit?: boolean;
      readonly pools: readonly CapacityPool[];
      readonly message: string;
    }
  /** An existing instance that is not running. */
  | { readonly kind: 'not-usable'; readonly message: string };

export interface OnInstance extends AttemptRef {
  readonly instanceId: string;
}

export interface WatchInput extends OnInstance {
  /** The step of the checkpoint this attempt was given; null on a fresh start. Absent: not checked. */
  readonly resumeStep?: number | null;
  /** Whether a first step below it ends the attempt; otherwise it is a warning. */
  readonly strictResume?: boolean;
  /** What is needed to say what the attempt costs; absent: not counted. */
  readonly meter?: CostMeter;
}

export interface CostMeter extends RunTab {
  readonly instance: LaunchedInstance;
  /** When EC2 began to bill it. */
  readonly runningAt: Instant;
}

export type ReadyReply =
  /** `runningAt`: when EC2 began to bill, as closely as it was seen. */
  | { readonly kind: 'ready'; readonly runningAt?: Instant }
  | { readonly kind: 'instance-gone'; readonly gone: InstanceGone };

/** What the supervisor has to know of the spec. */
export type StartSpec = Pick<
  TrainingRunSpec,
  | 'code'
  | 'script'
  | 'scriptArgs'
  | 'environment'
  | 'checkpoints'
  | 'completion'
  | 'secrets'
  | 'data'
  | 'dependencies'
  | 'container'
>;

export interface StartInput extends OnInstance, StartSpec {
  readonly resumeFrom: Checkpoint | null;
  /** Whether the supervisor may shut the instance down when its lease runs out. */
  readonly isOurs: boolean;
}

export type StartReply =
  | { readonly kind: 'started' }
  | {
      readonly kind: 'already-running';
      readonly pid: number;
      readonly runId: string;
      readonly since: Instant;
    }
  | { readonly kind: 'instance-gone'; readonly gone: InstanceGone };

export interface SaveInput extends OnInstance {
  readonly mode: 'save' | 'save-and-stop' | 'force-stop';
  /** Why the trainer is stopped: becomes {@link TrainerResult.stopCause}. */
  readonly reason: 'interruption' | 'stop';
  readonly saveTimeoutSeconds: number;
}

export type SaveReply =
  | {
      readonly kind: 'saved';
      readonly checkpoint: Checkpoint | null;
      readonly result: TrainerResult | null;
      readonly lastStep: number | null;
      /** What this attempt has reported; absent where nothing is known. */
      readonly trace?: ProgressTrace;
    }
  | { readonly kind: 'instance-gone'; readonly gone: InstanceGone };

export interface CleanUpReply {
  /** What was removed, as names for people; empty when it was clean already. */
  readonly removed: readonly string[];
}

export interface ReleaseInput extends AttemptRef {
  readonly instance: LaunchedInstance | null;
  /** When EC2 began to bill the instance; null or absent when nobody saw it running. */
  readonly runningAt?: Instant | null;
}

export interface ReleaseReply {
  readonly instances: readonly ReleasedInstance[];
}

export interface ReleaseRunReply extends ReleaseReply {
  /** The newest one published, also by an attempt that could not report its own end. */
  readonly checkpoint: Checkpoint | null;
}

export interface ReleasedInstance {
  readonly attemptNumber: number;
  readonly instance: LaunchedInstance;
  /** Running to shutting-down, one minute at least (EC2's rule). */
  readonly billedSeconds: number;
  readonly costUsd: number;
  readonly onDemandCostUsd: number;
  readonly priceSource?: PriceSource | null;
  readonly onDemandPriceSource?: PriceSource | null;
  readonly freeBecause?: FreeReason | null;
}

export interface AlertDelivery {
  /** Where it has been told. */
  readonly channels: readonly string[];
}

export interface AccountCheck {
  readonly instanceCount: number;
  /** Null when the price of none of them is known. */
  readonly pricePerHourUsd: number | null;
  readonly alerts: AlertUpdate;
}

export interface ReapReply {
  readonly examined: number;
  readonly terminated: readonly string[];
}

export type WatchVerdict =
  | {
      readonly kind: 'trainer-ended';
      readonly result: TrainerResult;
      readonly checkpoint: Checkpoint | null;
      readonly notice: SeenNotice | null;
      readonly firstStep: number | null;
      readonly lastStep: number | null;
      readonly trace?: ProgressTrace;
    }
  | { readonly kind: 'preparation-failed'; readonly code: string; readonly message: string }
  /** The instance lives, but trainer and supervisor are gone without a result. */
  | {
      readonly kind: 'trainer-lost';
      readonly message: string;
      readonly lastStep: number | null;
      readonly firstStep: number | null;
      readonly trace?: ProgressTrace;
    }
  | {
      readonly kind: 'instance-gone';
      readonly gone: InstanceGone;
      readonly lastStep: number | null;
      readonly firstStep: number | null;
      readonly trace?: ProgressTrace;
    }
  /** Strict resume: the attempt began below its checkpoint. */
  | { readonly kind: 'resume-ignored'; readonly firstStep: number; readonly expectedStep: number }
  /** No end: the trainer goes on, and is to be watched again. */
  | {
      readonly kind: 'alerts';
      readonly alerts: AlertUpdate;
      readonly lastStep: number | null;
      readonly firstStep: number | null;
    }
  /** The run has cost what it may. */
  | {
      readonly kind: 'cost-reached';
      readonly costUsd: number;
      readonly lastStep: number | null;
      readonly firstStep: number | null;
    };
