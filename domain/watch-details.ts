import type { Checkpoint } from './checkpoint';
import type { Instant } from './instant';
import type { Progress } from './supervisor-report';

/** Heartbeat details of `watchTraining`: what a client shows as live progress, without a history event. */
export interface WatchDetails {
  readonly instanceId: string;
  readonly state: string;
  readonly progress: Progress | null;
  readonly checkpoint: Checkpoint | null;
  readonly firstStep: number | null;
  /** Null while there is none yet, or none any more. */
  readonly trainerPid: number | null;
  readonly warnings: readonly string[];
  readonly at: Instant;
}
