import { inParallel } from '../../aws/in-parallel';
import { isEnding } from '../../aws/instance-view';
import type { SpotRequestView } from '../../aws/spot-requests';
import type { UnfinishedCheckpoint, UnfinishedObject } from '../../aws/unfinished-uploads';
import { isLeftoverRequest, isLeftoverUpload } from '../../domain/leftovers';
import { protectionOf, runOf } from '../../domain/orphans';
import { limits } from '../limits';
import type { TrainingClient } from '../training-client';
import { type HeldInstance, type Holdings, readHoldings } from './held-instances';
import { isOpen, readRunStates } from './run-states';

/** What nobody owns: exactly what a cleanup takes away. */
export interface CleanupPlan {
  readonly instances: readonly HeldInstance[];
  readonly spotRequests: readonly SpotRequestView[];
  readonly unfinishedCheckpoints: readonly UnfinishedCheckpoint[];
  readonly unfinishedObjects: readonly UnfinishedObject[];
  /** Instances of runs that are not open, which are left alone all the same, and why. */
  readonly kept: readonly HeldInstance[];
}

export const countOf = (plan: CleanupPlan): number =>
  plan.instances.length +
  plan.spotRequests.length +
  plan.unfinishedCheckpoints.length +
  plan.unfinishedObjects.length;

/**
 * Finds what nobody owns in the account, region and bucket of the configuration: instances by the rule of the reaper, open
 * Spot requests without a live instance, and uploads of runs that are over which never became a checkpoint. Changes nothing.
 */
export async function planCleanup(
  client: TrainingClient,
  { graceSeconds }: { readonly graceSeconds: number },
): Promise<CleanupPlan> {
  const holdings = await readHoldings(client, { graceSeconds });
  const { storedRuns, requests, objects } = await readCandidates(client, holdings);
  const owners = [...storedRuns, ...[...requests, ...objects].map(({ runId }) => runId)];
  const states = await readRunStates(client.temporal, owners);
  const checkpoints = await findUnfinishedCheckpoints(
    client,
    storedRuns.filter((runId) => !isOpen(states, runId)),
  );
  const at = { nowMs: Date.now(), graceSeconds };
  const live = holdings.ours.filter((each) => !isEnding(each));
  const isLeft = ({ runId }: { readonly runId: string }, lastChangedAt: string): boolean => {
    const hasLiveInstance = live.some((each) => runOf(each) === runId);
    const isRunOpen = isOpen(states, runId);
    return isLeftoverUpload({ isRunOpen, hasLiveInstance, lastChangedAt }, at);
  };
  return {
    instances: holdings.instances.filter(({ ownership }) => ownership === 'orphan'),
    kept: holdings.instances.filter(
      ({ ownership }) => ownership === 'protected' || ownership === 'young',
    ),
    spotRequests: requests.filter(({ runId, instanceId, createdAt: lastChangedAt }) => {
      const isInstanceLive = live.some((each) => each.instanceId === instanceId);
      const isRunOpen = isOpen(states, runId);
      return isLeftoverRequest({ isRunOpen, isInstanceLive, lastChangedAt }, at);
    }),
    unfinishedCheckpoints: checkpoints.filter((each) => isLeft(each, each.lastChangedAt)),
    unfinishedObjects: objects.filter((each) => isLeft(each, each.begunAt)),
  };
}

interface Candidates {
  readonly storedRuns: readonly string[];
  readonly requests: readonly SpotRequestView[];
  readonly objects: readonly UnfinishedObject[];
}

function readCandidates(client: TrainingClient, { ours }: Holdings): Promise<Candidates> {
  return client.cloud.ask(async ({ calls, cloud }) => {
    const [storedRuns, requests, objects] = await Promise.all([
      calls.listStoredRuns(cloud),
      calls.findOpenSpotRequests(cloud.clients, ours),
      calls.findUnfinishedObjects(cloud),
    ]);
    return { storedRuns, requests, objects };
  });
}

async function findUnfinishedCheckpoints(
  client: TrainingClient,
  runIds: readonly string[],
): Promise<readonly UnfinishedCheckpoint[]> {
  const found = await client.cloud.ask(({ calls, cloud }) =>
    inParallel(limits.parallelReads, runIds, (runId) =>
      calls.findUnfinishedCheckpoints(cloud, runId),
    ),
  );
  return found.flat();
}

/**
 * Takes away what the plan names, and returns what that was. Each step is idempotent: after an error the next cleanup takes
 * the rest.
 */
export async function carryOut(client: TrainingClient, plan: CleanupPlan): Promise<CleanupPlan> {
  return client.cloud.ask(async ({ calls, cloud }) => {
    // Looked at once more: who has protected an instance meanwhile is heard.
    const every = await calls.findEvery(cloud.clients);
    const mayEnd = every.filter((each) => runOf(each) !== null && protectionOf(each.tags) === null);
    const views = mayEnd.filter(({ instanceId }) =>
      plan.instances.some((orphan) => orphan.instanceId === instanceId),
    );
    await calls.terminateInstances(cloud, views);
    await calls.cancelSpotRequests(
      cloud.clients,
      plan.spotRequests.map(({ requestId }) => requestId),
    );
    for (const { prefix } of plan.unfinishedCheckpoints) {
      await calls.deleteCheckpointFolder(cloud, prefix);
    }
    for (const upload of plan.unfinishedObjects) await calls.abortUpload(cloud, upload);
    const ended = plan.instances.filter(({ instanceId }) =>
      views.some((view) => view.instanceId === instanceId),
    );
    return { ...plan, instances: ended };
  });
}
