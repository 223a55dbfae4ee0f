import type { Checkpoint } from './checkpoint';
import type { Instant } from './instant';
import type { LossPoint } from './losses';

/** A PID is an identity, not a number: nobody signals a pid whose start time or boot id differ. */
interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTime: string;
  readonly bootId: string;
}

export interface Progress {
  readonly step: number;
  readonly totalSteps: number | null;
  readonly loss: number | null;
  /** Over the last minute or so; null until two steps were seen. */
  readonly stepsPerSecond: number | null;
  readonly at: Instant;
}

/** Why the trainer was asked to end; `own-accord` when nobody asked. */
export type StopCause =
  | 'own-accord'
  | 'interruption'
  | 'stop'
  | 'force-stop'
  | 'lease-expired'
  | 'hung'
  | 'hung-after-completion';

/** How the trainer ended, as seen by the process that waited for it. */
export interface TrainerResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  /** `SIGKILL`, `SIGSEGV` …; null when it exited. */
  readonly signal: string | null;
  readonly stopCause: StopCause;
  /** The marker file of this attempt was there and stable. */
  readonly hasMarker: boolean;
  /** A line of this attempt's log matched the user's pattern. */
  readonly hasLogMatch: boolean;
  /** The kernel killed it for want of memory. */
  readonly isOutOfMemory: boolean;
  /** How long it had shown neither progress nor a line in its log, when it was ended for that; null otherwise. */
  readonly quietSeconds: number | null;
  /** What the end of its log explains, when it failed by itself. */
  readonly knownFailure: KnownFailure | null;
  readonly endedAt: Instant;
  /** At most 1,200 bytes of UTF-8, for people. */
  readonly lastLogLines: string;
  /** What a person should know of the end, such as outputs that did not reach their bucket; null for nothing. */
  readonly warning?: string | null;
}

/** A row of domain/failure-patterns.ts, or of the user's own, that was found in the log. */
export interface KnownFailure {
  readonly reason: string;
  readonly isRetried: boolean;
}

/** What the supervisor prints for `status`; one line of JSON of at most 2,400 bytes (SSM lists no more than 2,500). */
export interface SupervisorReport {
  readonly version: 1;
  readonly runId: string;
  readonly attemptNumber: number;
  readonly state: SupervisorState;
  /** When the attempt began on this instance; a supervisor of an earlier version does not say. */
  readonly startedAt?: Instant | undefined;
  readonly supervisor: ProcessIdentity;
  readonly trainer: ProcessIdentity | null;
  readonly progress: Progress | null;
  /** The losses of this attempt, thinned to a curve; the newest last. */
  readonly losses: readonly LossPoint[];
  /** First step this attempt reported; for checking that it really resumed. */
  readonly firstStep: number | null;
  /** Newest checkpoint published by this attempt. */
  readonly checkpoint: Checkpoint | null;
  readonly notice: SeenNotice | null;
  readonly leaseExpiresAt: Instant;
  /** Present when `state` is `ended`. */
  readonly result: TrainerResult | null;
  /** Why preparing failed, when it did (state `ended`, result null). */
  readonly preparationFailure: { readonly code: string; readonly message: string } | null;
  readonly warnings: readonly string[];
}

/** `gone`: the files say that it trains, but no process with that identity lives, and no result was written. */
type SupervisorState = 'preparing' | 'training' | 'saving' | 'ended' | 'gone';

export interface SeenNotice {
  readonly action: string;
  readonly time: Instant;
  readonly seenAt: Instant;
}
