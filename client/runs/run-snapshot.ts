import type { FreeReason } from '../../domain/bill';
import type { Checkpoint } from '../../domain/checkpoint';
import type { Estimate } from '../../domain/estimate-end';
import type { PriceSource, PurchaseOption } from '../../domain/instance';
import type { Instant } from '../../domain/instant';
import type { AttemptRecord, OtherTraining } from '../../domain/outcome';
import type { Progress } from '../../domain/supervisor-report';
import type { Phase } from '../../workflows/messages';

/** What is known of a run at one moment: the document of `runctl aws status`. */
export interface RunSnapshot {
  readonly runId: string;
  /** Where the run is now; `terminated` when somebody terminated the workflow in Temporal. */
  readonly state: Phase | 'terminated';
  readonly isOver: boolean;
  /** What happens now, or how it ended, as a sentence for people. */
  readonly message: string;
  /** Ended attempts, and last the current one with `outcome` null. */
  readonly attempts: readonly AttemptLine[];
  readonly checkpoint: Checkpoint | null;
  /** Ended attempts by the bill's rules, the current one as if it ended now. */
  readonly costUsd: number;
  readonly onDemandCostUsd: number;
  readonly savedUsd: number;
  /** An attempt goes on, so the cost is an estimate until its instance is released. */
  readonly isCostEstimated: boolean;
  /** What an hour of the run costs now; null when nothing runs, or no price is known. */
  readonly pricePerHourUsd: number | null;
  /** Of the current attempt; null when it has not reported any. */
  readonly progress: Progress | null;
  /** Where the run stands: what it reported last, or the checkpoint that it goes on from; null before either. */
  readonly step: number | null;
  /** As the script said; null when it did not. */
  readonly totalSteps: number | null;
  /** The losses of all attempts, thinned to a curve of a few points; the newest last. */
  readonly lossHistory: readonly LossSample[];
  /** When it will be done, interruptions counted in; null when that cannot be said, or it is over. */
  readonly estimate: RunEstimate | null;
  /** The script's process on the instance; null when it is not known. */
  readonly trainerPid: number | null;
  /** Why the run failed; null otherwise. */
  readonly failure: RunFailure | null;
  /** What a person should know: of the script, or that no worker answers. */
  readonly warnings: readonly string[];
}

export interface LossSample {
  readonly step: number;
  readonly loss: number;
}

export interface RunEstimate extends Estimate {
  readonly endsAt: Instant;
}

export interface AttemptLine {
  readonly number: number;
  readonly instanceId: string | null;
  readonly instanceType: string | null;
  readonly zone: string | null;
  readonly purchase: PurchaseOption | null;
  /** It trains on an instance of the user's, which costs what it costs anyway: all sums are 0. */
  readonly isOnOwnInstance: boolean;
  /** Null while the attempt goes on. */
  readonly outcome: AttemptRecord['outcome'] | null;
  readonly fromStep: number | null;
  readonly toStep: number | null;
  /** Seconds that EC2 bills; of the current attempt until now. */
  readonly billedSeconds: number;
  readonly costUsd: number;
  readonly onDemandCostUsd: number;
  readonly savedUsd: number;
  /** The instance is not released yet: what it costs is an estimate. */
  readonly isCostEstimated: boolean;
  /** Of the present instance-hour; of an ended attempt the average that was paid. */
  readonly pricePerHourUsd: number | null;
  readonly pricePerHourAtLaunchUsd: number | null;
  readonly onDemandPricePerHourUsd: number | null;
  /** Where the price that is paid comes from. */
  readonly priceSource: PriceSource | null;
  readonly onDemandPriceSource: PriceSource | null;
  /** Why an instance that was launched cost nothing. */
  readonly freeBecause: FreeReason | null;
  /** How it ended, for people. */
  readonly message: string;
  /** What failed, in a few words; null for an attempt that goes on or did not fail. */
  readonly reason: string | null;
  /** Of the script, as the supervisor saw it; null while it runs, when a signal killed it, or when nobody saw it end. */
  readonly exitCode: number | null;
  /** The signal that killed the script: `SIGKILL` …; null when none did. */
  readonly signal: string | null;
  readonly startedAt: Instant;
  readonly endedAt: Instant | null;
}

/** With `already-running` it tells who has the instance. */
export interface RunFailure extends Partial<OtherTraining> {
  readonly code: string;
  readonly message: string;
  readonly next: string;
}

/** An ended attempt as a line of the status document. */
export function toAttemptLine(record: AttemptRecord): AttemptLine {
  const { instance } = record;
  return {
    number: record.number,
    instanceId: instance?.instanceId ?? null,
    instanceType: instance?.instanceType ?? null,
    zone: instance?.zone ?? null,
    purchase: instance?.purchase ?? null,
    isOnOwnInstance: instance?.isOurs === false,
    outcome: record.outcome,
    fromStep: record.fromStep,
    toStep: record.toStep,
    billedSeconds: record.billedSeconds,
    costUsd: record.costUsd,
    onDemandCostUsd: record.onDemandCostUsd,
    savedUsd: record.onDemandCostUsd - record.costUsd,
    isCostEstimated: false,
    pricePerHourUsd: averagePrice(record),
    pricePerHourAtLaunchUsd: instance?.pricePerHourUsd ?? null,
    onDemandPricePerHourUsd: instance?.onDemandPricePerHourUsd ?? null,
    priceSource: instance?.priceSource ?? null,
    onDemandPriceSource: instance?.onDemandPriceSource ?? null,
    freeBecause: record.freeBecause ?? null,
    message: record.message,
    // A run that an earlier worker ended has no such fields in its ledger.
    reason: record.reason ?? null,
    exitCode: record.exitCode ?? null,
    signal: record.signal ?? null,
    startedAt: record.startedAt,
    endedAt: record.endedAt,
  };
}

const secondsPerHour = 3_600;

const averagePrice = ({ billedSeconds, costUsd }: AttemptRecord): number | null =>
  billedSeconds === 0 ? null : (costUsd / billedSeconds) * secondsPerHour;
