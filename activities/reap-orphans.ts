import { Context } from '@temporalio/activity';
import { findAllLive } from '../aws/find-instances';
import { inParallel } from '../aws/in-parallel';
import { terminateInstances } from '../aws/terminate';
import { judgeOwnership, runOf } from '../domain/orphans';
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
  const runIds = [...new Set(live.map(runOf))];
  const isOpen = new Map(
    await inParallel(
      activityLimits.parallelLookUps,
      runIds,
      async (runId): Promise<[string | null, boolean]> => [
        runId,
        runId !== null && (await isRunOpen(runId)),
      ],
    ),
  );
  const at = { nowMs: Date.now(), graceSeconds: pace.orphanGraceSeconds };
  const orphans = live.filter(
    (each) => judgeOwnership(each, live, isOpen.get(runOf(each)) === true, at).kind === 'orphan',
  );
  await terminateInstances(cloud, orphans, cancellationSignal);
  return { examined: live.length, terminated: orphans.map((each) => each.instanceId) };
}
