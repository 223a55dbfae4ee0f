import type { PriceSource } from './instance';
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
  /** Absent in what earlier versions wrote; null for an instance of the user's, which costs what it costs anyway. */
  readonly cost?: CostSoFar | null;
}

/** What the attempt has cost until a moment, were it to end then. An estimate: only the release knows the bill. */
export interface CostSoFar {
  readonly at: Instant;
  /** Since when it is billed. */
  readonly runningAt: Instant;
  readonly billedSeconds: number;
  readonly costUsd: number;
  readonly onDemandCostUsd: number;
  /** Of the present instance-hour. */
  readonly pricePerHourUsd: number | null;
  readonly onDemandPricePerHourUsd: number | null;
  readonly priceSource: PriceSource | null;
}
