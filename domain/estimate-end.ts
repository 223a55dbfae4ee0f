import type { Instant } from './instant';

/** What a run has done so far, as far as its end can be estimated from it. */
export interface RunPace {
  readonly step: number;
  readonly totalSteps: number;
  /** The rate now, or the last one that was measured. */
  readonly stepsPerSecond: number | null;
  /** All attempts that are known, oldest first; `endedAt` is null for the one that goes on. */
  readonly attempts: readonly {
    readonly fromStep: number | null;
    readonly startedAt: Instant;
    readonly endedAt: Instant | null;
  }[];
}

/** When a run will be done, interruptions counted in. */
export interface Estimate {
  readonly secondsLeft: number;
  /** Of these: training at the present rate. */
  readonly trainingSeconds: number;
  /** How many attempts more are expected to end before the last step, from how many did so far. */
  readonly expectedInterruptions: number;
  /** What each of them costs: steps trained twice, waiting, launching, booting, saving. */
  readonly secondsPerInterruption: number;
}

/**
 * Estimates what is left of a run from its own history:
 *
 *     secondsLeft = remaining / rate + expectedInterruptions × secondsPerInterruption
 *     expectedInterruptions  = remaining × endedAttempts / stepsGained
 *     secondsPerInterruption = (elapsed − stepsGained / rate) / attempts
 *
 * `elapsed` is the time since the first attempt began and `stepsGained` what the run is ahead of that beginning. So all time
 * that brought no step that still counts is shared out among the attempts, whatever it went into. A run that was never
 * interrupted is expected not to be. Without a rate the whole history is the rate: `remaining × elapsed / stepsGained`.
 *
 * @returns null while nothing can be said: no step gained and no rate yet.
 */
export function estimateEnd(pace: RunPace, nowMs: number): Estimate | null {
  const { step, totalSteps, stepsPerSecond, attempts } = pace;
  const remaining = Math.max(0, totalSteps - step);
  const trained = attempts.filter(({ fromStep }) => fromStep !== null);
  const gained = Math.max(0, step - (trained[0]?.fromStep ?? step));
  const startedAtMs = Date.parse(attempts[0]?.startedAt ?? '');
  const elapsed = Number.isNaN(startedAtMs) ? 0 : Math.max(0, (nowMs - startedAtMs) / 1_000);
  if (stepsPerSecond === null || stepsPerSecond <= 0) {
    if (gained === 0) return remaining === 0 ? certain(0) : null;
    return certain((remaining * elapsed) / gained);
  }
  const trainingSeconds = remaining / stepsPerSecond;
  const ended = attempts.filter(({ endedAt }) => endedAt !== null).length;
  if (ended === 0 || gained === 0) return certain(trainingSeconds);
  const expectedInterruptions = (remaining * ended) / gained;
  const secondsPerInterruption = Math.max(0, elapsed - gained / stepsPerSecond) / attempts.length;
  return {
    secondsLeft: trainingSeconds + expectedInterruptions * secondsPerInterruption,
    trainingSeconds,
    expectedInterruptions,
    secondsPerInterruption,
  };
}

const certain = (trainingSeconds: number): Estimate => ({
  secondsLeft: trainingSeconds,
  trainingSeconds,
  expectedInterruptions: 0,
  secondsPerInterruption: 0,
});
