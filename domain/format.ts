import { savedShare, type FreeReason } from './bill';
import type { Checkpoint } from './checkpoint';
import { adviceFor } from './failure';
import type { LaunchedInstance, PriceSource } from './instance';
import type { Ledger } from './ledger';
import { limits } from './limits';
import { lossCurve, type LossPoint } from './losses';
import type { AttemptOutcome, AttemptRecord } from './outcome';
import type { CapacityRequest, TrainingRunSpec } from './run-spec';
import type { SparklineStyle } from './sparkline';

/** `$0.1234`: four digits, since an attempt often costs less than a cent. */
export const formatUsd = (usd: number): string => `$${usd.toFixed(4)}`;

/** `The run has cost $10.0012, and may cost $10.` */
export const formatMaxCost = (costUsd: number, maxCostUsd: number): string =>
  `The run has cost ${formatUsd(costUsd)}, and may cost $${maxCostUsd}.`;

/** `$0.1234 (On-Demand $0.3456, 64 % saved)`; of nothing `$0.0000`. */
export function formatCost(costUsd: number, onDemandCostUsd: number): string {
  if (onDemandCostUsd === 0) return formatUsd(costUsd);
  if (costUsd >= onDemandCostUsd) return `${formatUsd(costUsd)} (nothing saved against On-Demand)`;
  const saved = Math.round(savedShare(costUsd, onDemandCostUsd) * 100);
  return `${formatUsd(costUsd)} (On-Demand ${formatUsd(onDemandCostUsd)}, ${saved} % saved)`;
}

/** `$0.3600/h (spot-price-history), On-Demand $1.0060/h (pricing-api)`; '' where no price is known. */
export function formatPrice(instance: LaunchedInstance): string {
  const { pricePerHourUsd, onDemandPricePerHourUsd, purchase } = instance;
  const from = (source: PriceSource | null | undefined): string => (source ? ` (${source})` : '');
  const listed =
    onDemandPricePerHourUsd === null
      ? ''
      : `On-Demand ${formatUsd(onDemandPricePerHourUsd)}/h${from(instance.onDemandPriceSource)}`;
  if (purchase === 'on-demand' || pricePerHourUsd === null) return instance.isOurs ? listed : '';
  const paid = `${formatUsd(pricePerHourUsd)}/h${from(instance.priceSource)}`;
  return listed === '' ? paid : `${paid}, ${listed}`;
}

/** `2 h 05 min`, `3 min 20 s`, `45 s`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return `${hours} h ${String(minutes).padStart(2, '0')} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}

/** `i-0abc (g5.xlarge, us-east-1a, spot)` */
export const formatInstance = (instance: LaunchedInstance): string =>
  `${instance.instanceId} (${instance.instanceType}, ${instance.zone}, ${instance.isOurs ? instance.purchase : 'yours'})`;

export const formatCheckpoint = (checkpoint: Checkpoint | null): string =>
  checkpoint === null
    ? 'none yet'
    : `step ${checkpoint.step} (attempt ${checkpoint.attemptNumber}, ${checkpoint.publishedAt})`;

/** `Spot g5.xlarge or g6.xlarge`, `your instance i-0abc` */
export function formatCapacity(capacity: CapacityRequest): string {
  if (capacity.kind === 'existing-instance') return `your instance ${capacity.instanceId}`;
  const purchase = capacity.purchase === 'spot' ? 'Spot' : 'On-Demand';
  return `${purchase} ${capacity.instanceTypes.join(' or ')}`;
}

/** `train.py --epochs 3` */
export const formatCommand = (spec: TrainingRunSpec): string =>
  [spec.script, ...spec.scriptArgs].join(' ');

/** `4.02 ▇▅▃▂▁ 2.31`: the first loss, the curve, the newest; '' before there are two. */
export function formatLosses(losses: readonly LossPoint[], style?: SparklineStyle): string {
  const [first, last] = [losses[0], losses.at(-1)];
  if (losses.length < 2 || first === undefined || last === undefined) return '';
  const curve = lossCurve(losses, limits.lossPoints, style);
  return `${formatLoss(first[1])} ${curve} ${formatLoss(last[1])}`;
}

/** Four digits that count. */
export const formatLoss = (loss: number): string => loss.toPrecision(4);

/** How an attempt ended, as one sentence without a full stop. */
export function formatOutcome(outcome: AttemptOutcome): string {
  switch (outcome.kind) {
    case 'completed':
      return (
        outcome.warning ?? `the script completed (exit code ${outcome.exitCode ?? 'not seen'})`
      );
    case 'trainer-failed':
      return outcome.failure.reason + (outcome.warning === undefined ? '' : `; ${outcome.warning}`);
    case 'refused':
      return `${outcome.code}: ${outcome.message}`;
    case 'stopped':
    case 'cancelled':
      return `${outcome.kind} as asked${outcome.warning === undefined ? '' : `; ${outcome.warning}`}`;
    case 'interrupted':
    case 'instance-lost':
    case 'trainer-lost':
    case 'capacity-shortage':
    case 'cost-reached':
      return outcome.message;
  }
}

/** What failed, in a few words; null for an outcome that is no failure. */
export function reasonOf(outcome: AttemptOutcome): string | null {
  switch (outcome.kind) {
    case 'trainer-failed':
      return outcome.failure.reason;
    case 'refused':
      return outcome.code;
    case 'cost-reached':
      return 'max-cost-reached';
    case 'completed':
    case 'stopped':
    case 'cancelled':
    case 'interrupted':
    case 'instance-lost':
    case 'trainer-lost':
    case 'capacity-shortage':
      return null;
  }
}

/** What a failed run says: what happened and why, then what to do next. */
export const formatFailure = (code: string, message: string, next = adviceFor(code)): string =>
  `${message}\nNext: ${next}`;

/** The attempts as a Markdown table, newest last; long runs show the last ones. */
export function formatAttempts(ledger: Ledger): string {
  if (ledger.attempts.length === 0) return '';
  const hidden = ledger.attempts.length - limits.shownAttempts;
  return [
    ...(hidden > 0 ? [`_${hidden} earlier attempts are not shown._`, ''] : []),
    '| # | Instance | Steps | Ended | Billed | Cost |',
    '| --- | --- | --- | --- | --- | --- |',
    ...ledger.attempts.slice(-limits.shownAttempts).map(formatRow),
  ].join('\n');
}

const formatRow = (record: AttemptRecord): string =>
  `| ${[
    String(record.number),
    record.instance === null ? '–' : formatInstance(record.instance),
    record.toStep === null ? '–' : `${record.fromStep ?? 0}–${record.toStep}`,
    cell(`**${record.outcome}**: ${record.message}`),
    formatDuration(record.billedSeconds),
    formatUsd(record.costUsd) +
      (record.freeBecause == null ? '' : ` (free: ${whyFree[record.freeBecause]})`),
  ].join(' | ')} |`;

/** Why something that was launched costs nothing, as a phrase. */
export const whyFree: Readonly<Record<FreeReason, string>> = {
  'interrupted-in-first-hour': 'EC2 took it back within its first hour',
  'never-ran': 'it never ran',
};

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll(/\s+/g, ' ');

/** The refusal of a second training on one instance, with the four ways on; each does what it says. */
export const formatAlreadyRunning = (instanceId: string, pid: number | null): string =>
  `Training already running on instance ${instanceId} (PID: ${pid ?? 'not known yet'}).

To start new training, either:
  1. Wait for current training to complete: runctl aws monitor ${instanceId}
  2. Stop current training gracefully: runctl aws stop ${instanceId}
  3. Check training status: runctl aws monitor ${instanceId} --follow
  4. Force kill existing training (not recommended): runctl aws stop ${instanceId} --force`;
