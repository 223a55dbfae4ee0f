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
  readonly completion: CompletionRules;
  /**
   * Secrets of the trainer's environment by name; each value says where the instance reads it with its own role
   * (`ssm:/path/of/a/parameter`), never the secret itself.
   */
  readonly secrets: Readonly<Record<string, string>>;
  readonly data: DataTransfer;
  /** What the script needs is installed before it starts: from PEP 723, pyproject.toml or requirements.txt; or nothing is. */
  readonly dependencies: 'auto' | 'none';
  /** The image that the script runs in; null runs it on the instance itself. */
  readonly container: ContainerRequest | null;
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
      /** A Spot pool that costs more counts as out of capacity; null: EC2's own limit, the On-Demand price. */
      readonly spotMaxPriceUsdPerHour: number | null;
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
  /** US dollars after which the run saves and stops; null is unlimited. */
  readonly maxCostUsd: number | null;
}

/** How the end of a training is noticed, beside the exit of its process. */
export interface CompletionRules {
  /** File in the working directory that the script writes when it is done. */
  readonly markerName: string;
  /** Regular expression (Python's `re`); a line of the log that matches means that the script is done. */
  readonly logPattern: string | null;
  /** What a script may take to exit after it said that it was done, before it is ended. */
  readonly graceSeconds: number;
  /** Seconds without progress and without a line in the log after which the trainer counts as hung; null is never. */
  readonly hangTimeoutSeconds: number | null;
  /** Looked for before the built-in ones (domain/failure-patterns.ts). */
  readonly failurePatterns: readonly FailurePattern[];
}

/** What a line of a failed script's log tells about the reason. */
export interface FailurePattern {
  /** Regular expression that is looked for in the last lines of the log. */
  readonly pattern: string;
  /** What it means, as a phrase for people. */
  readonly reason: string;
  /** Whether trying again can help. */
  readonly isRetried: boolean;
}

/** `s3://bucket/prefix` in both directions; null for none. */
export interface DataTransfer {
  /** Is on the instance, under RUNCTL_DATA_DIR, before the script starts. */
  readonly inputUri: string | null;
  /** Gets what the script wrote to RUNCTL_OUTPUT_DIR before the instance goes, also when training fails. */
  readonly outputUri: string | null;
}

/**
 * How many network hops away the instance metadata service of a launched instance may be asked from. A container on a
 * bridge network is one hop further away than the instance itself.
 */
export const metadataHopLimit = (container: ContainerRequest | null): 1 | 2 =>
  container?.metadata === 'passed' ? 2 : 1;

export interface ContainerRequest {
  readonly image: string;
  /** Whether programs in the container reach the instance's metadata service, and with it the instance's role. */
  readonly metadata: 'blocked' | 'passed';
  /** What stays on the instance at the end: matters only on an instance of the user's. */
  readonly keep: 'nothing' | 'image' | 'container-and-image';
}
