import { Context } from '@temporalio/activity';
import { whyGone } from '../aws/instance-view';
import { notYet } from './application-failure';
import type { OnInstance, ReadyReply } from './contract';
import type { ActivityDependencies } from './dependencies';
import { activityLimits } from './limits';

/** @see ControlActivities.awaitInstanceReady */
export async function awaitInstanceReady(
  { cloud, pace }: ActivityDependencies,
  { instanceId }: OnInstance,
): Promise<ReadyReply> {
  const view = await cloud.instances.read(instanceId);
  const ageMs = Date.now() - Context.current().info.scheduledTimestampMs;
  if (view === null && ageMs < activityLimits.consistencyMs) {
    throw notYet('NotReady', `EC2 does not know ${instanceId} yet`, pace.bootIntervalMs);
  }
  const gone = whyGone(view, instanceId);
  if (gone !== null) return { kind: 'instance-gone', gone };
  if (view?.state !== 'running') {
    throw notYet('NotReady', `${instanceId} is ${view?.state ?? 'unknown'}`, pace.bootIntervalMs);
  }
  if (!(await cloud.agents.isOnline(instanceId))) {
    const message = `${instanceId} runs, but its SSM agent has not registered yet`;
    throw notYet('NotReady', message, pace.bootIntervalMs);
  }
  return { kind: 'ready' };
}
