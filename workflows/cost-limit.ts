import { CancellationScope, patched, sleep } from '@temporalio/workflow';
import { secondsUntilLimit } from '../domain/bill';
import { formatMaxCost } from '../domain/format';
import type { LaunchedInstance } from '../domain/instance';
import type { AttemptOutcome } from '../domain/outcome';
import type { Turn } from './attempt-turn';

/** What a run may cost, while nobody watches a trainer yet. */
export interface CostLimit {
  /** The outcome once the run has cost what it may; null before. */
  readonly reached: (AttemptOutcome & { kind: 'cost-reached' }) | null;
  /** From here on somebody else looks at the cost. */
  end(): void;
}

/**
 * Counts from the launch, at the price of the launch, which holds for the first hour. A limit that cannot be reached within
 * `longestMs` needs no timer, so that most histories have none.
 */
export function beginCostLimit(
  turn: Turn,
  instance: LaunchedInstance,
  longestMs: number,
): CostLimit {
  const scope = new CancellationScope({ cancellable: true });
  const limit = {
    reached: null as CostLimit['reached'],
    end: () => {
      scope.cancel();
    },
  };
  const { maxCostUsd } = turn.spec.budgets;
  const { pricePerHourUsd, isOurs, launchedAt } = instance;
  const seconds = secondsUntilLimit({
    maxCostUsd,
    endedCostUsd: turn.carry.costUsd,
    pricePerHourUsd: isOurs ? pricePerHourUsd : null,
  });
  if (seconds === null || maxCostUsd === null || pricePerHourUsd === null) return limit;
  const leftMs = Math.max(Date.parse(launchedAt) + seconds * 1_000 - Date.now(), 1);
  // A run of an earlier version that is under way has no such timer.
  if (leftMs > longestMs || !patched('cost-limit-while-preparing')) return limit;
  const costUsd = turn.carry.costUsd + (seconds * pricePerHourUsd) / 3_600;
  const summary = `Until the run has cost $${maxCostUsd}`;
  void scope
    .run(() => sleep(leftMs, { summary }))
    .then(
      () => {
        const message = `${formatMaxCost(costUsd, maxCostUsd)} Its instance had not begun to train.`;
        limit.reached = { kind: 'cost-reached', message };
      },
      () => undefined, // the training has begun, or the attempt is over
    );
  return limit;
}
