import type { Checkpoint } from './checkpoint';
import type { Instant } from './instant';
import type { LossPoint } from './losses';
import type { Progress } from './supervisor-report';

/** Heartbeat details of `watchTraining`: what a client shows as live progress, without a history event. */
export interface WatchDetails {
  readonly instanceId: string;
  readonly state: string;
  readonly progress: Progress | null;
  /** Of this attempt; absent where an earlier version of the worker wrote it. */
  readonly losses?: readonly LossPoint[];
  readonly checkpoint: Checkpoint | null;
  readonly firstStep: number | null;
  /** Null while there is none yet, or none any more. */
  readonly trainerPid: number | null;
  readonly warnings: readonly string[];
  readonly at: Instant;
}
