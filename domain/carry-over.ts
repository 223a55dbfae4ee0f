import { noAlerts, type AlertState } from './alerts';
import type { Checkpoint } from './checkpoint';
import type { AvoidedPool, Shortage } from './decide-placement';
import type { Instant } from './instant';
import { isObject } from './json-reader';
import { limits } from './limits';
import type { AttemptRecord } from './outcome';
import { emptyTrace, type ProgressTrace } from './progress-trace';
import { emptyHistory, type RunHistory } from './run-history';
import type { TrainingRunSpec } from './run-spec';

/** The value handed to continue-as-new: all that the next attempt must know. Below 10 KB. */
export interface AttemptCarryOver {
  readonly version: 1;
  readonly spec: TrainingRunSpec;
  readonly attemptNumber: number;
  /** The attempt does not launch before; null is at once. */
  readonly notBefore: Instant | null;
  /** Why there is another attempt, for people; '' for the first. */
  readonly why: string;
  readonly history: RunHistory;
  readonly checkpoint: Checkpoint | null;
  readonly shortage: Shortage | null;
  readonly avoidedPools: readonly AvoidedPool[];
  readonly recentAttempts: readonly AttemptRecord[];
  readonly costUsd: number;
  readonly onDemandCostUsd: number;
  readonly staleNoticeCount: number;
  /** The progress of the attempts that are over. */
  readonly trace: ProgressTrace;
  /** When the first attempt began; null in it. */
  readonly runStartedAt: Instant | null;
  readonly alerts: AlertState;
}

/** What the first attempt of a run is given. */
export const firstCarryOver = (spec: TrainingRunSpec): AttemptCarryOver => ({
  version: 1,
  spec,
  attemptNumber: 1,
  notBefore: null,
  why: '',
  history: emptyHistory,
  checkpoint: null,
  shortage: null,
  avoidedPools: [],
  recentAttempts: [],
  costUsd: 0,
  onDemandCostUsd: 0,
  staleNoticeCount: 0,
  trace: emptyTrace,
  runStartedAt: null,
  alerts: noAlerts,
});

/**
 * Brings carried state of any earlier version to today's. Fields that an earlier writer did not know get the value they
 * have in a first attempt.
 *
 * @returns null when the input is no carried state, or one of a later version than this code knows.
 */
export function migrateCarryOver(input: unknown): AttemptCarryOver | null {
  if (!isObject(input) || input['version'] !== 1) return null;
  const { spec, attemptNumber } = input;
  if (!isObject(spec) || !Number.isInteger(attemptNumber)) return null;
  // Only our own code writes version 1, from a checked spec: the shape is known once the version is.
  const carried = input as unknown as AttemptCarryOver;
  return { ...firstCarryOver(carried.spec), ...carried };
}

/**
 * The last few records, newest last. Their checkpoints are left out: the newest one is carried once, and the parent's
 * ledger has what each attempt said.
 */
export const keepRecent = (
  records: readonly AttemptRecord[],
  added: AttemptRecord,
): readonly AttemptRecord[] =>
  [...records, { ...added, checkpoint: null }].slice(-limits.recentAttempts);
