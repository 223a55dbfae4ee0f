import type { Checkpoint } from '../../domain/checkpoint';
import { estimateEnd } from '../../domain/estimate-end';
import type { ProgressTrace } from '../../domain/progress-trace';
import type { Progress } from '../../domain/supervisor-report';
import type { AttemptLine, RunEstimate, RunSnapshot } from './run-snapshot';

type RunProgress = Pick<RunSnapshot, 'step' | 'totalSteps' | 'lossHistory' | 'estimate'>;

/** How far a run is that goes on. */
export function progressOfOpenRun(
  run: {
    readonly progress: Progress | null;
    readonly checkpoint: Checkpoint | null;
    readonly trace: ProgressTrace;
    readonly attempts: readonly AttemptLine[];
  },
  nowMs: number,
): RunProgress {
  const { progress, checkpoint, trace, attempts } = run;
  const step = progress?.step ?? checkpoint?.step ?? null;
  return { step, ...remembered(trace), estimate: estimate(step, trace, attempts, nowMs) };
}

/** How far a run came that is over. */
export function progressOfEndedRun(
  trace: ProgressTrace,
  attempts: readonly AttemptLine[],
): RunProgress {
  const step = attempts.findLast(({ toStep }) => toStep !== null)?.toStep ?? null;
  return { step, ...remembered(trace), estimate: null };
}

const remembered = ({ totalSteps, losses }: ProgressTrace) => ({
  totalSteps,
  lossHistory: losses.map(([step, loss]) => ({ step, loss })),
});

function estimate(
  step: number | null,
  { totalSteps, stepsPerSecond }: ProgressTrace,
  attempts: readonly AttemptLine[],
  nowMs: number,
): RunEstimate | null {
  if (step === null || totalSteps === null) return null;
  const found = estimateEnd({ step, totalSteps, stepsPerSecond, attempts }, nowMs);
  if (found === null) return null;
  return { ...found, endsAt: new Date(nowMs + found.secondsLeft * 1_000).toISOString() };
}
