import { billFor } from '../../domain/bill';
import type { LaunchedInstance } from '../../domain/instance';
import { beganAt } from '../../domain/outcome';
import type { CostSoFar } from '../../domain/watch-details';
import type { CurrentAttempt } from './read-attempt';
import type { AttemptLine } from './run-snapshot';

const secondsPerHour = 3_600;

/** The attempt that goes on, with what it has cost until now: an estimate, as if its instance were released now. */
export function toCurrentLine(current: CurrentAttempt, nowMs: number): AttemptLine {
  const { instance, details } = current;
  const cost = costUntil(current, nowMs);
  const firstStep = details?.firstStep ?? null;
  return {
    number: current.number,
    instanceId: current.instanceId,
    instanceType: instance?.instanceType ?? null,
    zone: instance?.zone ?? null,
    purchase: instance?.purchase ?? null,
    isOnOwnInstance: instance?.isOurs === false,
    outcome: null,
    fromStep: firstStep === null ? null : beganAt(current.resumedAtStep ?? firstStep, firstStep),
    toStep: details?.progress?.step ?? null,
    billedSeconds: cost?.billedSeconds ?? 0,
    costUsd: cost?.costUsd ?? 0,
    onDemandCostUsd: cost?.onDemandCostUsd ?? 0,
    savedUsd: cost === null ? 0 : cost.onDemandCostUsd - cost.costUsd,
    isCostEstimated: cost !== null,
    pricePerHourUsd: cost?.pricePerHourUsd ?? null,
    pricePerHourAtLaunchUsd: instance?.pricePerHourUsd ?? null,
    onDemandPricePerHourUsd:
      cost?.onDemandPricePerHourUsd ?? instance?.onDemandPricePerHourUsd ?? null,
    priceSource: cost?.priceSource ?? null,
    onDemandPriceSource: instance?.onDemandPriceSource ?? null,
    freeBecause: null,
    message: current.message,
    reason: null,
    exitCode: null,
    signal: null,
    startedAt: current.startedAt,
    endedAt: null,
  };
}

/** What the worker last said, and the time since at the price it said; before that, the price at launch. */
function costUntil({ instance, details }: CurrentAttempt, nowMs: number): CostSoFar | null {
  if (instance?.isOurs !== true) return null;
  const said = details?.instanceId === instance.instanceId ? details.cost : null;
  return said == null ? costSinceLaunch(instance, nowMs) : extrapolate(said, nowMs);
}

function extrapolate(said: CostSoFar, nowMs: number): CostSoFar {
  const usedSeconds = Math.floor((nowMs - Date.parse(said.runningAt)) / 1_000);
  const billedSeconds = Math.max(usedSeconds, said.billedSeconds);
  const hours = (billedSeconds - said.billedSeconds) / secondsPerHour;
  return {
    ...said,
    billedSeconds,
    costUsd: said.costUsd + hours * (said.pricePerHourUsd ?? 0),
    onDemandCostUsd: said.onDemandCostUsd + hours * (said.onDemandPricePerHourUsd ?? 0),
  };
}

function costSinceLaunch(instance: LaunchedInstance, nowMs: number): CostSoFar {
  const { launchedAt, purchase, pricePerHourUsd, onDemandPricePerHourUsd } = instance;
  const at = new Date(nowMs).toISOString();
  const bill = billFor({
    purchase,
    runningAt: launchedAt,
    endedAt: at,
    isTakenByEc2: false,
    spotPrices: pricePerHourUsd === null ? [] : [{ at: launchedAt, pricePerHourUsd }],
    onDemandPricePerHourUsd,
  });
  const priceSource = instance.priceSource ?? null;
  return {
    at,
    runningAt: launchedAt,
    ...bill,
    pricePerHourUsd,
    onDemandPricePerHourUsd,
    priceSource,
  };
}
