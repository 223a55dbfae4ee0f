import type { Checkpoint } from './checkpoint';
import type { LaunchedInstance } from './instance';
import { isObject } from './json-reader';
import type { FreeReason } from './bill';
import { limits } from './limits';
import type { AttemptRecord } from './outcome';

/** All attempts of a run, oldest first, with what they cost together. */
export interface Ledger {
  readonly attempts: readonly AttemptRecord[];
  readonly costUsd: number;
  readonly onDemandCostUsd: number;
  readonly checkpoint: Checkpoint | null;
}

export const emptyLedger: Ledger = {
  attempts: [],
  costUsd: 0,
  onDemandCostUsd: 0,
  checkpoint: null,
};

/** Adds one attempt; one that is there already changes nothing, so that a repeated message does no harm. */
export function addAttempt(ledger: Ledger, record: AttemptRecord): Ledger {
  if (ledger.attempts.some(({ number }) => number === record.number)) return ledger;
  const attempts = [...ledger.attempts, record].sort((a, b) => a.number - b.number);
  return {
    attempts: attempts.slice(-limits.ledgerRows),
    costUsd: ledger.costUsd + record.costUsd,
    onDemandCostUsd: ledger.onDemandCostUsd + record.onDemandCostUsd,
    checkpoint: record.checkpoint ?? ledger.checkpoint,
  };
}

/** What the final release found of an attempt that could not report its own end. */
interface ReleasedLeftover {
  readonly attemptNumber: number;
  readonly instance: LaunchedInstance;
  readonly billedSeconds: number;
  readonly costUsd: number;
  readonly onDemandCostUsd: number;
  readonly freeBecause?: FreeReason | null;
}

/**
 * Adds a row for each attempt that was ended from outside, so that the ledger agrees with the bill, and what it has
 * published.
 */
export function addLeftovers(
  ledger: Ledger,
  leftovers: readonly ReleasedLeftover[],
  checkpoint: Checkpoint | null,
  now: number,
): Ledger {
  const newest = { ...ledger, checkpoint: checkpoint ?? ledger.checkpoint };
  return leftovers.reduce((sum, left) => {
    const { instance, attemptNumber, billedSeconds, costUsd, onDemandCostUsd } = left;
    return addAttempt(sum, {
      number: attemptNumber,
      instance,
      outcome: 'cancelled',
      message: `ended from outside; ${instance.instanceId} was released afterwards`,
      reason: null,
      exitCode: null,
      signal: null,
      fromStep: null,
      toStep: null,
      startedAt: new Date(now - billedSeconds * 1000).toISOString(),
      endedAt: new Date(now).toISOString(),
      ...{ billedSeconds, costUsd, onDemandCostUsd },
      freeBecause: left.freeBecause ?? null,
      checkpoint: sum.checkpoint,
    });
  }, newest);
}

/** Reads what came with a signal `attemptEnded`; null for anything but a record. */
export function readAttemptRecord(input: unknown): AttemptRecord | null {
  if (!isObject(input)) return null;
  const isRecord =
    Number.isInteger(input['number']) &&
    typeof input['outcome'] === 'string' &&
    typeof input['costUsd'] === 'number' &&
    typeof input['onDemandCostUsd'] === 'number';
  // Only the child sends it; the fields that are added up are checked, the others are shown.
  return isRecord ? (input as unknown as AttemptRecord) : null;
}
