import type { ReleaseReply } from '../activities/contract';
import type { LaunchedInstance, PriceSource } from '../domain/instance';
import type { AttemptRecord } from '../domain/outcome';
import { release } from './activity-proxies';
import type { Turn } from './attempt-turn';
import { attempt, insist } from './waiting';

/** What the attempt has cost. */
export interface AttemptCost extends Pick<
  AttemptRecord,
  'billedSeconds' | 'costUsd' | 'onDemandCostUsd' | 'freeBecause'
> {
  /** Where the price that was paid, and the one beside it, come from; null when that is not known. */
  readonly priceSource: PriceSource | null;
  readonly onDemandPriceSource: PriceSource | null;
}

/** Of an attempt that never asked for an instance. */
export const noCost: AttemptCost = {
  billedSeconds: 0,
  costUsd: 0,
  onDemandCostUsd: 0,
  priceSource: null,
  onDemandPriceSource: null,
};

/** Terminating an instance of ours cleans it up better than any command: a broken agent must not delay that. */
const ownCleanUpTimeout = '90s';

/**
 * Gives back all that the attempt has come to own, or may have. Runs in every ending, is never cancelled, and does not
 * return before it has succeeded.
 */
export async function releaseAll(turn: Turn): Promise<AttemptCost> {
  const { instance, runningAt, view } = turn;
  if (!turn.isLaunchAsked) return noCost;
  view.show('releasing', 'Cleaning up and releasing the instance', 'then the attempt is over');
  if (instance !== null && turn.isStartAsked) await cleanUp(turn, instance);
  const summary = `Release ${instance?.instanceId ?? 'what the launch may have left'}`;
  const released = await insist(
    summary,
    () =>
      release.releaseInstance.executeWithOptions({ summary }, [
        { ...turn.ref, instance, runningAt },
      ]),
    ({ message }) => {
      view.show('releasing', `Releasing does not succeed: ${message}`, 'then it tries again');
    },
  );
  turn.inbox.instanceReleased();
  return sumCost(released);
}

async function cleanUp(turn: Turn, instance: LaunchedInstance): Promise<void> {
  const summary = `Clean up ${turn.spec.script} on ${instance.instanceId}`;
  const input = turn.onInstance(instance);
  if (instance.isOurs) {
    const scheduleToCloseTimeout = ownCleanUpTimeout;
    await attempt(() =>
      release.cleanUpTraining.executeWithOptions({ summary, scheduleToCloseTimeout }, [input]),
    );
    return;
  }
  await insist(
    summary,
    () => release.cleanUpTraining.executeWithOptions({ summary }, [input]),
    ({ message }) => {
      turn.view.show(
        'releasing',
        `Cleaning up does not succeed: ${message}`,
        'then it tries again',
      );
    },
  );
}

function sumCost({ instances }: ReleaseReply): AttemptCost {
  const sum = (of: (instance: ReleaseReply['instances'][number]) => number) =>
    instances.reduce((total, instance) => total + of(instance), 0);
  return {
    billedSeconds: sum(({ billedSeconds }) => billedSeconds),
    costUsd: sum(({ costUsd }) => costUsd),
    onDemandCostUsd: sum(({ onDemandCostUsd }) => onDemandCostUsd),
    // There is one, but for a launch whose reply was lost.
    priceSource: instances[0]?.priceSource ?? null,
    onDemandPriceSource: instances[0]?.onDemandPriceSource ?? null,
    freeBecause: instances.find(({ freeBecause }) => freeBecause != null)?.freeBecause ?? null,
  };
}
