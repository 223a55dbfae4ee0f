import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { RaisedAlert } from '../domain/alerts';
import type { AttemptRecord, OtherTraining } from '../domain/outcome';
import type { Checkpoint } from '../domain/checkpoint';
import type { LaunchedInstance } from '../domain/instance';
import type { ProgressTrace } from '../domain/progress-trace';

/**
 * Messages of `trainingRun` and `trainingAttempt` alike. Whatever is sent with a signal, or nothing at all, is valid
 * input: the handlers are total.
 */
export const spotInterruption = defineSignal<[unknown?]>('spotInterruption');
export const saveCheckpoint = defineSignal<[unknown?]>('saveCheckpoint');
export const stop = defineSignal<[unknown?]>('stop');
export const status = defineQuery<RunStatus>('status');
/** Saves now, keeps training, and answers with the checkpoint. Takes no input; what is sent is ignored. */
export const saveCheckpointNow = defineUpdate<Checkpoint | null>('saveCheckpointNow');

/** Sent by the child to its parent once per attempt; parent only. */
export const attemptEnded = defineSignal<[unknown?]>('attemptEnded');

/** The child's answer to a `saveCheckpoint` that carried a `requestId`; parent only. */
export const checkpointSaved = defineSignal<[unknown?]>('checkpointSaved');

/** Sent by the child to its parent when people are warned of something; parent only. */
export const alertsRaised = defineSignal<[unknown?]>('alertsRaised');

export type Phase =
  | 'placing'
  | 'waiting-for-capacity'
  | 'launching'
  | 'preparing'
  | 'training'
  | 'saving'
  | 'releasing'
  | 'completed'
  | 'failed'
  | 'stopped'
  | 'cancelled';

/** What the query `status` answers, on parent and child. */
export interface RunStatus {
  readonly runId: string;
  readonly phase: Phase;
  readonly attemptNumber: number;
  /** Today's instance; known to the child only. */
  readonly instance: LaunchedInstance | null;
  readonly checkpoint: Checkpoint | null;
  /** The step of the checkpoint that the attempt goes on from; of the child only, and of workers that know of it. */
  readonly resumedAtStep?: number;
  /** Ended attempts: all of them on the parent, the last few on the child. */
  readonly attempts: readonly AttemptRecord[];
  readonly costUsd: number;
  readonly onDemandCostUsd: number;
  readonly interruptionCount: number;
  readonly errorCount: number;
  /** Notices that named an instance of an earlier attempt, or none of ours, and were dropped. */
  readonly staleNoticeCount: number;
  /** The progress of the attempts that are over; absent from a worker of an earlier version. */
  readonly trace?: ProgressTrace;
  /** What people were warned of, the last few. */
  readonly alerts: readonly RaisedAlert[];
  readonly message: string;
}

/** The result of the workflow `trainingRun` (and of the child's chain). */
export interface RunResult {
  readonly runId: string;
  readonly state: 'completed' | 'stopped';
  readonly attempts: readonly AttemptRecord[];
  readonly checkpoint: Checkpoint | null;
  readonly costUsd: number;
  readonly onDemandCostUsd: number;
  readonly trace?: ProgressTrace;
  readonly alerts: readonly RaisedAlert[];
  readonly warning?: string;
}

/** `details[0]` of the ApplicationFailure with which a failed `trainingRun` ends; its `type` is the code. */
export interface FailedRun {
  readonly runId: string;
  readonly state: 'failed';
  /** A key of `failureTable`. */
  readonly code: string;
  /** What happened and why, with the last lines of the log where the script failed. */
  readonly message: string;
  /** What to do next. */
  readonly next: string;
  /** With `already-running`: who has the instance. */
  readonly other?: OtherTraining;
  readonly attempts: readonly AttemptRecord[];
  readonly checkpoint: Checkpoint | null;
  readonly costUsd: number;
  readonly onDemandCostUsd: number;
  readonly trace?: ProgressTrace;
  readonly alerts: readonly RaisedAlert[];
}
