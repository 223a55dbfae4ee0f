import type { RunSnapshot } from '../runs/run-snapshot';
import { formatDuration } from '../../domain/format';

/** `training, attempt 2 on i-0abc: step 120/500 (24 %), loss 2.31, 3.2 steps/s, 2 min left, checkpoint 100`. */
export function progressText(run: RunSnapshot): string {
  const facts = factsText(run);
  return `${phaseText(run)}${facts === '' ? '' : `: ${facts}`}`;
}

/** `training, attempt 2 on i-0abc`. */
export function phaseText(run: RunSnapshot): string {
  const attempt = run.attempts.at(-1);
  if (attempt?.outcome !== null) return run.state;
  const where = attempt.instanceId === null ? '' : ` on ${attempt.instanceId}`;
  return `${run.state}, attempt ${attempt.number}${where}`;
}

/** `step 120/500 (24 %), loss 2.31, 3.2 steps/s, 2 min left, checkpoint 100`; '' before the first report. */
export const factsText = (run: RunSnapshot): string => progressFacts(run).join(', ');

function progressFacts({ progress, checkpoint }: RunSnapshot): string[] {
  const facts: string[] = [];
  if (progress !== null) {
    const { step, totalSteps, loss, stepsPerSecond } = progress;
    facts.push(
      totalSteps === null
        ? `step ${step}`
        : `step ${step}/${totalSteps} (${percent(step, totalSteps)} %)`,
    );
    if (loss !== null) facts.push(`loss ${loss.toPrecision(4)}`);
    if (stepsPerSecond !== null) facts.push(`${stepsPerSecond.toPrecision(3)} steps/s`);
    if (totalSteps !== null && stepsPerSecond !== null && stepsPerSecond > 0 && step < totalSteps) {
      facts.push(`${formatDuration((totalSteps - step) / stepsPerSecond)} left`);
    }
  }
  if (checkpoint !== null) facts.push(`checkpoint ${checkpoint.step}`);
  return facts;
}

const percent = (step: number, totalSteps: number): number =>
  totalSteps === 0 ? 100 : Math.floor((step / totalSteps) * 100);
