import type { FreeReason } from './bill';
import type { Checkpoint } from './checkpoint';
import type { LaunchedInstance } from './instance';
import type { Instant } from './instant';

/** How an attempt ended. Final. */
export type AttemptOutcome =
  /** `exitCode` is null when it was ended after it had said that it was done. */
  | { readonly kind: 'completed'; readonly exitCode: number | null; readonly warning?: string }
  | { readonly kind: 'interrupted'; readonly message: string }
  | { readonly kind: 'instance-lost'; readonly message: string }
  | { readonly kind: 'trainer-failed'; readonly failure: TrainerFailure; readonly warning?: string }
  /** The instance lives, but trainer and supervisor are gone without a result (a reboot, a kill -9). */
  | { readonly kind: 'trainer-lost'; readonly message: string }
  | { readonly kind: 'capacity-shortage'; readonly message: string }
  | {
      readonly kind: 'refused';
      readonly code: string;
      readonly message: string;
      /** With `already-running`: who has the instance. */
      readonly other?: OtherTraining;
    }
  /** The run has cost what it may: saved, and not gone on with. */
  | { readonly kind: 'cost-reached'; readonly message: string }
  | { readonly kind: 'stopped'; readonly warning?: string }
  | { readonly kind: 'cancelled'; readonly warning?: string };

/** The training that an instance has already; there is one at a time. */
export interface OtherTraining {
  /** Null while only its run is known. */
  readonly pid: number | null;
  readonly runId: string;
  readonly since: Instant;
}

interface TrainerFailure {
  /** What happened, as a person reads it: `CUDA out of memory (exit code 1)`, `killed by SIGKILL (out of memory)`. */
  readonly reason: string;
  /** Whether trying again can help. */
  readonly isRetried: boolean;
  readonly lastLogLines: string;
}

/** Where an attempt began: at what it resumed from, or below that if the script ignores its checkpoint. */
export const beganAt = (resumedAtStep: number, firstStep: number | null): number =>
  Math.min(resumedAtStep, firstStep ?? resumedAtStep);

/** One row of the run's ledger: what `status`, the Web UI and the final table show. */
export interface AttemptRecord {
  readonly number: number;
  /** Null when no instance was launched. */
  readonly instance: LaunchedInstance | null;
  readonly outcome: AttemptOutcome['kind'];
  readonly message: string;
  /** What failed, in a few words; null for an attempt that did not fail. */
  readonly reason: string | null;
  /** Of the script, as the supervisor saw it; null when it was killed by a signal, or nobody saw it end. */
  readonly exitCode: number | null;
  /** `SIGKILL` …; null when no signal ended the script. */
  readonly signal: string | null;
  readonly fromStep: number | null;
  readonly toStep: number | null;
  readonly startedAt: Instant;
  readonly endedAt: Instant;
  readonly billedSeconds: number;
  readonly costUsd: number;
  readonly onDemandCostUsd: number;
  /** Why an instance that was launched cost nothing; absent in what earlier versions wrote. */
  readonly freeBecause?: FreeReason | null;
  /** Newest checkpoint known when the attempt ended. */
  readonly checkpoint: Checkpoint | null;
}
