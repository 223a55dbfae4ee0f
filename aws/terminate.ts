import {
  DescribeSpotInstanceRequestsCommand,
  TerminateInstancesCommand,
  type InstanceStateChange,
} from '@aws-sdk/client-ec2';
import { Failure } from '../domain/failure';
import { hasCode } from './aws-error';
import type { Cloud } from './connect-cloud';
import { describeInstances } from './instance-reader';
import { isEnding, type InstanceView } from './instance-view';
import { releaseLimits } from './limits';
import { cancelSpotRequests } from './spot-requests';
import { wait } from './wait';

/** An instance that will never run again, or is on its way there. */
export interface EndedInstance {
  /** How EC2 sees it now; one that EC2 no longer knows as it was given. */
  readonly view: InstanceView;
  /** It was terminated before it was running, so it costs nothing. */
  readonly wasPending: boolean;
}

/**
 * Terminates these instances, waits until EC2 says that they are shutting down, and cancels Spot requests that are still
 * open, so that none of them can be fulfilled again. Idempotent: what is gone already is success.
 *
 * @throws aws-unavailable  EC2 still shows one running; to be repeated.
 */
export async function terminateInstances(
  cloud: Cloud,
  instances: readonly InstanceView[],
  signal?: AbortSignal,
): Promise<readonly EndedInstance[]> {
  if (instances.length === 0) return [];
  const ids = instances.map((instance) => instance.instanceId);
  const living = instances.filter((instance) => !isEnding(instance));
  const pending = new Set<string>();
  for (let from = 0; from < living.length; from += releaseLimits.maxInstancesPerTerminate) {
    const part = living.slice(from, from + releaseLimits.maxInstancesPerTerminate);
    const changes = await terminateKnown(
      cloud,
      part.map((instance) => instance.instanceId),
    );
    for (const { InstanceId: id, PreviousState: before } of changes) {
      if (id !== undefined && before?.Name === 'pending') pending.add(id);
    }
  }
  await cancelRequestsOf(cloud, instances);
  for (let look = 0; look < releaseLimits.confirmTries; look += 1) {
    if (look > 0) await wait(releaseLimits.confirmDelayMs, signal);
    const seen = await describeInstances(cloud.clients.ec2, ids);
    if (ids.every((id) => isOver(seen.get(id)))) {
      return instances.map((instance) => ({
        view: seen.get(instance.instanceId) ?? instance,
        wasPending: pending.has(instance.instanceId),
      }));
    }
  }
  throw new Failure('aws-unavailable', `EC2 still shows ${ids.join(', ')} running.`, {
    why: 'TerminateInstances was accepted, but the state has not changed.',
  });
}

const isOver = (instance: InstanceView | undefined): boolean =>
  instance === undefined || isEnding(instance);

/** One unknown id fails the whole call, so unknown ones are left out and the rest is asked again. */
async function terminateKnown(
  cloud: Cloud,
  ids: readonly string[],
): Promise<readonly InstanceStateChange[]> {
  const terminate = async (InstanceIds: string[]): Promise<readonly InstanceStateChange[]> => {
    const reply = await cloud.clients.ec2.send(new TerminateInstancesCommand({ InstanceIds }));
    return reply.TerminatingInstances ?? [];
  };
  try {
    return await terminate([...ids]);
  } catch (error) {
    if (!hasCode(error, 'InvalidInstanceID.NotFound')) throw error;
    const known = await describeInstances(cloud.clients.ec2, ids);
    const rest = [...known.values()].filter((view) => !isEnding(view));
    if (rest.length === 0) return [];
    // An error here goes up, and the release is repeated.
    return terminate(rest.map((view) => view.instanceId));
  }
}

async function cancelRequestsOf(cloud: Cloud, instances: readonly InstanceView[]): Promise<void> {
  const ids = instances.map((each) => each.spotRequestId).filter((id) => id !== null);
  if (ids.length === 0) return;
  try {
    const reply = await cloud.clients.ec2.send(
      new DescribeSpotInstanceRequestsCommand({ SpotInstanceRequestIds: ids }),
    );
    const open = (reply.SpotInstanceRequests ?? [])
      .filter((request) => request.State === 'open' || request.State === 'active')
      .map((request) => request.SpotInstanceRequestId)
      .filter((id) => id !== undefined);
    await cancelSpotRequests(cloud.clients, open);
  } catch (error) {
    // Requests vanish some time after their instance: then there is nothing to cancel.
    if (!hasCode(error, 'InvalidSpotInstanceRequestID.NotFound')) throw error;
  }
}
