import type { PurchaseOption } from './instance';

/**
 * What a user asked for; never changes during a run. It is the input of the workflow `trainingRun`, as plain JSON, so
 * that the stock `temporal` CLI or a client in any language can start a run.
 *
 * Which account, region and bucket it goes to is the worker's configuration, never the spec's.
 */
export interface TrainingRunSpec {
  /** Letters, digits, `-`, `_`, `.`; at most 64. The workflow id is `run/<runId>`. */
  readonly runId: string;
  readonly code: StagedCode;
  /** Path of the script inside the code archive, with `/`. */
  readonly script: string;
  readonly scriptArgs: readonly string[];
  /** Environment of the trainer. Not for secrets: it is kept in the workflow's history. */
  readonly environment: Readonly<Record<string, string>>;
  readonly capacity: CapacityRequest;
  readonly checkpoints: CheckpointPolicy;
  readonly budgets: Budgets;
}

/** A `.tar.gz` in the worker's bucket under `code/<sha256>.tar.gz`. */
export interface StagedCode {
  readonly sha256: string;
  readonly sizeBytes: number;
}

export type CapacityRequest =
  | {
      readonly kind: 'launch';
      /** At least one; EC2 chooses among all of them × all zones. */
      readonly instanceTypes: readonly string[];
      /** Availability Zones to use; empty means every zone in which the worker has a subnet. */
      readonly zones: readonly string[];
      readonly purchase: PurchaseOption;
      /** Where to go when no Spot pool has capacity. */
      readonly fallback: 'none' | 'on-demand';
    }
  /** A running instance of the user's: we own the training on it, never the instance. */
  | { readonly kind: 'existing-instance'; readonly instanceId: string };

export interface CheckpointPolicy {
  /** How many published checkpoints to keep; the one in use is always kept. */
  readonly keepLast: number;
  /** End the run when an attempt that should resume reports a first step below its checkpoint's. */
  readonly strictResume: boolean;
  /** What the trainer may take to save after SIGTERM before it is killed. Inside a notice the notice is shorter. */
  readonly saveTimeoutSeconds: number;
}

export interface Budgets {
  /** Attempts that may end `trainer-failed`; one more fails the run. */
  readonly maxErrors: number;
  /** Interruptions (with notice or without) that the run survives; one more fails it; null is unlimited. */
  readonly maxInterruptions: number | null;
  /** Interrupted attempts in a row that may end without a newer checkpoint; one more fails the run (net-progress breaker). */
  readonly maxAttemptsWithoutProgress: number;
  /** Seconds to wait for capacity, over one shortage, before the run fails. */
  readonly maxCapacityWaitSeconds: number;
}
