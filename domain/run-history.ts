import type { Checkpoint } from './checkpoint';
import type { AttemptOutcome } from './outcome';

/** What the budgets count. */
export interface RunHistory {
  /** Attempts whose instance was taken, with notice or without. */
  readonly interruptionCount: number;
  /** Attempts that ended `trainer-failed`. */
  readonly errorCount: number;
  /** Attempts in a row that were cut short without a newer checkpoint. */
  readonly attemptsWithoutProgress: number;
  /** The highest step that a checkpoint has reached; null before the first. */
  readonly bestStep: number | null;
}

export const emptyHistory: RunHistory = {
  interruptionCount: 0,
  errorCount: 0,
  attemptsWithoutProgress: 0,
  bestStep: null,
};

/** The history after an attempt has ended; `checkpoint` is the newest one known then. */
export function countOutcome(
  history: RunHistory,
  outcome: AttemptOutcome,
  checkpoint: Checkpoint | null,
): RunHistory {
  const step = checkpoint?.step ?? null;
  const hasProgressed = step !== null && (history.bestStep === null || step > history.bestStep);
  const isTaken = outcome.kind === 'interrupted' || outcome.kind === 'instance-lost';
  const isCutShort = isTaken || outcome.kind === 'trainer-lost';
  return {
    interruptionCount: history.interruptionCount + (isTaken ? 1 : 0),
    errorCount: history.errorCount + (outcome.kind === 'trainer-failed' ? 1 : 0),
    attemptsWithoutProgress: hasProgressed
      ? 0
      : history.attemptsWithoutProgress + (isCutShort ? 1 : 0),
    bestStep: hasProgressed ? step : history.bestStep,
  };
}
