import { Context } from '@temporalio/activity';
import { findAllLive } from '../aws/find-instances';
import { attemptNumberOf, type InstanceView } from '../aws/instance-view';
import { inParallel } from '../aws/in-parallel';
import { terminateInstances } from '../aws/terminate';
import { tagKeys } from '../domain/ids';
import type { ReapReply } from './contract';
import type { ActivityDependencies } from './dependencies';
import { activityLimits } from './limits';

/** @see ControlActivities.reapOrphans */
export async function reapOrphans({
  cloud,
  isRunOpen,
  pace,
}: ActivityDependencies): Promise<ReapReply> {
  const { cancellationSignal } = Context.current();
  const live = await findAllLive(cloud.clients);
  const oldEnough = live.filter((each) => ageSeconds(each) >= pace.orphanGraceSeconds);
  const runIds = [...new Set(oldEnough.map(runIdOf))];
  const isOpen = new Map(
    await inParallel(
      activityLimits.parallelLookUps,
      runIds,
      async (runId): Promise<[string, boolean]> => [runId, await isRunOpen(runId)],
    ),
  );
  const orphans = oldEnough.filter(
    (each) => isOpen.get(runIdOf(each)) !== true || isSuperseded(each, live),
  );
  await terminateInstances(cloud, orphans, cancellationSignal);
  return { examined: live.length, terminated: orphans.map((each) => each.instanceId) };
}

/** An attempt launches only after the one before it was released, so what an older one still has is a leftover. */
const isSuperseded = (instance: InstanceView, live: readonly InstanceView[]): boolean =>
  live.some(
    (other) =>
      runIdOf(other) === runIdOf(instance) && attemptNumberOf(other) > attemptNumberOf(instance),
  );

const runIdOf = (instance: InstanceView): string => instance.tags[tagKeys.runId] ?? '';

const ageSeconds = (instance: InstanceView): number =>
  (Date.now() - Date.parse(instance.launchedAt)) / 1_000;
