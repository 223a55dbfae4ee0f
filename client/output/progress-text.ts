import { formatDuration, formatLoss } from '../../domain/format';
import { lossCurve } from '../../domain/losses';
import type { SparklineStyle } from '../../domain/sparkline';
import type { RunEstimate, RunSnapshot } from '../runs/run-snapshot';
import { textView } from './terminal';

/** Letters of a loss curve among other facts. */
const curveWidth = 12;

/** `training, attempt 2 on i-0abc: step 120/500 (24 %), loss 2.31 ▇▅▃, 3.2 steps/s, 2 min left, checkpoint 100`. */
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

/** `step 120/500 (24 %), loss 2.31 ▇▅▃, 3.2 steps/s, 2 min left, checkpoint 100`; '' before the first report. */
export const factsText = (run: RunSnapshot): string => progressFacts(run).join(', ');

function progressFacts(run: RunSnapshot): string[] {
  const { progress, checkpoint, estimate } = run;
  const facts: string[] = [];
  if (progress !== null) {
    const { loss, stepsPerSecond } = progress;
    facts.push(`step ${stepText(progress.step, run.totalSteps)}`);
    const curve = curveText(run, curveWidth);
    if (loss !== null) facts.push(`loss ${formatLoss(loss)}${curve === '' ? '' : ` ${curve}`}`);
    if (stepsPerSecond !== null) facts.push(rateText(stepsPerSecond));
    if (estimate !== null && estimate.secondsLeft > 0) facts.push(leftText(estimate));
  }
  if (checkpoint !== null) facts.push(`checkpoint ${checkpoint.step}`);
  return facts;
}

/** `120/500 (24 %)`; only `120` while the total is not known. */
export const stepText = (step: number, totalSteps: number | null): string =>
  totalSteps === null ? String(step) : `${step}/${totalSteps} (${percent(step, totalSteps)} %)`;

export const rateText = (stepsPerSecond: number): string =>
  `${stepsPerSecond.toPrecision(3)} steps/s`;

/** `2 min 5 s left`. */
export const leftText = ({ secondsLeft }: RunEstimate): string =>
  `${formatDuration(secondsLeft)} left`;

/** The losses as a curve; '' before there are two. */
export function curveText(
  { lossHistory }: Pick<RunSnapshot, 'lossHistory'>,
  width: number,
  style: SparklineStyle = textView().curves,
): string {
  if (lossHistory.length < 2) return '';
  return lossCurve(
    lossHistory.map(({ step, loss }) => [step, loss] as const),
    width,
    style,
  );
}

const percent = (step: number, totalSteps: number): number =>
  totalSteps === 0 ? 100 : Math.floor((step / totalSteps) * 100);
