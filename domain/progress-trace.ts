import { isObject } from './json-reader';
import { joinLosses, type LossPoint, readLosses } from './losses';
import type { Progress } from './supervisor-report';

/** What is remembered of a run's progress when the attempt that reported it is over. A few hundred bytes. */
export interface ProgressTrace {
  readonly totalSteps: number | null;
  /** The last rate that was measured. */
  readonly stepsPerSecond: number | null;
  readonly losses: readonly LossPoint[];
}

export const emptyTrace: ProgressTrace = { totalSteps: null, stepsPerSecond: null, losses: [] };

/** What one attempt has reported so far. */
export const traceOf = (
  progress: Progress | null,
  losses: readonly LossPoint[],
): ProgressTrace => ({
  totalSteps: progress?.totalSteps ?? null,
  stepsPerSecond: progress?.stepsPerSecond ?? null,
  losses,
});

/** The trace of a run after one more attempt; what that one did not tell stays as it was. */
export const extendTrace = (run: ProgressTrace, attempt: ProgressTrace): ProgressTrace => ({
  totalSteps: attempt.totalSteps ?? run.totalSteps,
  stepsPerSecond: attempt.stepsPerSecond ?? run.stepsPerSecond,
  losses: joinLosses(run.losses, attempt.losses),
});

/** Reads a trace that came with a message or from an earlier version; the empty one for anything else. */
export function readTrace(input: unknown): ProgressTrace {
  if (!isObject(input)) return emptyTrace;
  const number = (value: unknown): number | null =>
    typeof value === 'number' && Number.isFinite(value) ? value : null;
  return {
    totalSteps: number(input['totalSteps']),
    stepsPerSecond: number(input['stepsPerSecond']),
    losses: readLosses(input['losses']),
  };
}
