import { Context } from '@temporalio/activity';
import { findByAttempt, isLive } from '../aws/find-instances';
import type { InstanceView } from '../aws/instance-view';
import { terminateInstances } from '../aws/terminate';
import { wait } from '../aws/wait';
import type { ReleaseInput, ReleaseReply } from './contract';
import type { ActivityDependencies } from './dependencies';
import { activityLimits } from './limits';
import { billAll, forgotten } from './released-instance';

/** @see ControlActivities.releaseInstance */
export async function releaseInstance(
  { cloud }: Pick<ActivityDependencies, 'cloud'>,
  input: ReleaseInput,
): Promise<ReleaseReply> {
  const { instance } = input;
  if (instance !== null && !instance.isOurs) return { instances: [] };
  const { cancellationSignal } = Context.current();
  const found = new Map<string, InstanceView>();
  // Without an answer to the launch, an instance may show up a moment later.
  const looks = instance === null ? activityLimits.releaseLooks : 1;
  for (let look = 0; look < looks; look += 1) {
    if (look > 0) await wait(activityLimits.releaseLookDelayMs, cancellationSignal);
    for (const view of await findByAttempt(cloud.clients, input.runId, input.attemptNumber)) {
      found.set(view.instanceId, view);
    }
    if ([...found.values()].some(isLive)) break;
  }
  if (instance !== null && !found.has(instance.instanceId)) {
    const view = await cloud.instances.read(instance.instanceId);
    if (view !== null) found.set(view.instanceId, view);
  }
  const known = instance === null ? null : { instance, runningAt: input.runningAt ?? null };
  const ended = await terminateInstances(cloud, [...found.values()], cancellationSignal);
  const isForgotten = known !== null && !found.has(known.instance.instanceId);
  const all = isForgotten ? [...ended, forgotten(known, input.attemptNumber)] : ended;
  return { instances: await billAll(cloud, all, known) };
}
