import { type InstanceView, isEnding } from '../../aws/instance-view';
import { inParallel } from '../../aws/in-parallel';
import { attemptNumberOf, judgeOwnership, type Ownership, runOf } from '../../domain/orphans';
import { limits } from '../limits';
import type { TrainingClient } from '../training-client';
import { isOpen, readRunStates, type RunStates } from './run-states';

/** An instance of the account and region, and whose it is. */
export interface HeldInstance {
  readonly instanceId: string;
  readonly ownership: Ownership['kind'];
  /** Why it is an orphan, or which tag protects it; '' otherwise. */
  readonly why: string;
  readonly runId: string | null;
  readonly attemptNumber: number | null;
  /** What Temporal says of the run; null when no run has launched the instance. */
  readonly runState: string | null;
  readonly state: InstanceView['state'];
  readonly instanceType: string;
  readonly zone: string;
  readonly purchase: InstanceView['purchase'];
  readonly launchedAt: string;
  readonly ageSeconds: number;
  /** 0 for one that does not run; null when no price is known. */
  readonly pricePerHourUsd: number | null;
  /** Since its launch. */
  readonly costUsd: number;
}

export interface Holdings {
  readonly instances: readonly HeldInstance[];
  /** EC2's own view of those that our runs have launched, ended ones too. */
  readonly ours: readonly InstanceView[];
  readonly runStates: RunStates;
}

/** Reads every live instance of the account and region, and judges whose each is, by the rule of the reaper. */
export async function readHoldings(
  client: TrainingClient,
  options: { readonly graceSeconds: number },
): Promise<Holdings> {
  const every = await client.cloud.ask(({ calls, cloud }) => calls.findEvery(cloud.clients));
  const ours = every.filter((each) => runOf(each) !== null);
  const ourLive = ours.filter((each) => !isEnding(each));
  const runStates = await readRunStates(
    client.temporal,
    ourLive.map(runOf).filter((runId) => runId !== null),
  );
  const at = { nowMs: Date.now(), graceSeconds: options.graceSeconds };
  const instances = await client.cloud.ask(({ calls, cloud }) => {
    const live = every.filter((each) => !isEnding(each));
    return inParallel(limits.parallelReads, live, async (view) => {
      const runId = runOf(view);
      const ownership = judgeOwnership(view, ourLive, isOpen(runStates, runId), at);
      return {
        ...describe(view, ownership, at.nowMs),
        runState: runId === null ? null : (runStates.get(runId) ?? 'unknown'),
        ...(await calls.readInstanceCost(cloud.prices, view, at.nowMs)),
      };
    });
  });
  return { instances, ours, runStates };
}

function describe(
  view: InstanceView,
  ownership: Ownership,
  nowMs: number,
): Omit<HeldInstance, 'runState' | 'pricePerHourUsd' | 'costUsd'> {
  const { instanceId, state, instanceType, zone, purchase, launchedAt } = view;
  const runId = runOf(view);
  return {
    instanceId,
    ownership: ownership.kind,
    why: whyOf(ownership),
    runId,
    attemptNumber: runId === null ? null : attemptNumberOf(view),
    ...{ state, instanceType, zone, purchase, launchedAt },
    ageSeconds: Math.max(0, Math.round((nowMs - Date.parse(launchedAt)) / 1_000)),
  };
}

function whyOf(ownership: Ownership): string {
  switch (ownership.kind) {
    case 'not-ours':
    case 'yours':
    case 'in-use':
      return '';
    case 'young':
      return 'its run is not open, but it was launched a moment ago';
    case 'protected':
      return `${ownership.tag}=true`;
    case 'orphan':
      return ownership.why === 'superseded'
        ? 'a later attempt of its run has an instance of its own'
        : 'its run is not open';
  }
}
