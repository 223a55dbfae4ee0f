import type { RunSnapshot } from '../runs/run-snapshot';

/** What the outside world does next. */
export type Disturbance =
  | { readonly kind: 'notice'; readonly instanceId: string; readonly step: number }
  | { readonly kind: 'death'; readonly instanceId: string; readonly step: number };

/** Shares of all steps: both in the middle of an interval between checkpoints, so that nothing is saved by chance. */
const noticeAt = 0.3;
const deathAt = 0.65;

/**
 * Decides whether it is time to take the instance away: the first one with a notice in the first half, the second one
 * without in the second half. Each happens once.
 */
export function nextDisturbance(run: RunSnapshot, doneCount: number): Disturbance | null {
  const attempt = run.attempts.at(-1);
  const { progress } = run;
  if (attempt?.outcome !== null || attempt.instanceId === null || progress === null) return null;
  if (attempt.number !== doneCount + 1 || run.state !== 'training') return null;
  const share = progress.step / (progress.totalSteps ?? Number.POSITIVE_INFINITY);
  const { instanceId } = attempt;
  const { step } = progress;
  if (doneCount === 0 && share >= noticeAt) return { kind: 'notice', instanceId, step };
  if (doneCount === 1 && share >= deathAt) return { kind: 'death', instanceId, step };
  return null;
}
