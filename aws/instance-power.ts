import {
  DescribeSpotInstanceRequestsCommand,
  StartInstancesCommand,
  StopInstancesCommand,
} from '@aws-sdk/client-ec2';
import { Failure } from '../domain/failure';
import { hasCode, readAwsError } from './aws-error';
import type { Cloud } from './connect-cloud';
import { describeInstances } from './instance-reader';
import type { InstanceState, InstanceView } from './instance-view';
import { powerLimits } from './limits';
import { terminateInstances } from './terminate';
import { wait } from './wait';

/**
 * Stops an instance: its machine goes off, its volumes stay. Returns once EC2 has accepted it.
 *
 * @throws instance-not-stoppable, instance-not-usable
 */
export async function stopInstance(cloud: Cloud, view: InstanceView): Promise<void> {
  await refuseUnstoppable(cloud, view);
  const { instanceId } = view;
  try {
    await cloud.clients.ec2.send(new StopInstancesCommand({ InstanceIds: [instanceId] }));
  } catch (error) {
    // A root volume that is not EBS cannot be stopped either.
    if (hasCode(error, 'UnsupportedOperation')) {
      throw notStoppable(instanceId, readAwsError(error)?.message ?? '', error);
    }
    throw explained(error);
  }
}

/**
 * Refuses before anything is done what EC2 would refuse in the end: a Spot instance of a one-time request.
 *
 * @throws instance-not-stoppable
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/stop-spot-instances.html
 */
export async function refuseUnstoppable(cloud: Cloud, view: InstanceView): Promise<void> {
  if (view.spotRequestId === null) return;
  const reply = await cloud.clients.ec2.send(
    new DescribeSpotInstanceRequestsCommand({ SpotInstanceRequestIds: [view.spotRequestId] }),
  );
  if (reply.SpotInstanceRequests?.[0]?.Type !== 'one-time') return;
  const why =
    'It is a Spot instance of a one-time request; EC2 answers StopInstances with UnsupportedOperation.';
  throw notStoppable(view.instanceId, why);
}

/**
 * Starts a stopped instance: it boots from its volumes again. Returns once EC2 has accepted it; one that runs is success.
 *
 * @throws capacity-shortage, quota-exceeded, instance-not-usable
 */
export async function startInstance(cloud: Cloud, instanceId: string): Promise<void> {
  try {
    await cloud.clients.ec2Launch.send(new StartInstancesCommand({ InstanceIds: [instanceId] }));
  } catch (error) {
    throw explained(error);
  }
}

/** Terminates one instance. Gone is success. @throws instance-protected  EC2's own protection is on. */
export async function terminateInstance(cloud: Cloud, view: InstanceView): Promise<void> {
  try {
    await terminateInstances(cloud, [view]);
  } catch (error) {
    if (!hasCode(error, 'OperationNotPermitted')) throw error;
    throw new Failure('instance-protected', `EC2 does not terminate ${view.instanceId}.`, {
      why: readAwsError(error)?.message ?? '',
      next: `\`aws ec2 modify-instance-attribute --instance-id ${view.instanceId} --no-disable-api-termination\` takes the protection away.`,
      cause: error,
    });
  }
}

/** Waits until EC2 shows one of the states; the view of then. @throws aws-unavailable  It did not come. */
export async function awaitState(
  cloud: Cloud,
  instanceId: string,
  states: readonly InstanceState[],
  signal?: AbortSignal,
): Promise<InstanceView> {
  const deadline = Date.now() + powerLimits.stateWaitMs;
  for (;;) {
    const view = (await describeInstances(cloud.clients.ec2, [instanceId])).get(instanceId);
    if (view !== undefined && states.includes(view.state)) return view;
    if (Date.now() > deadline) {
      throw new Failure('aws-unavailable', `${instanceId} is ${view?.state ?? 'unknown'} still.`, {
        why: `It was to become ${states.join(' or ')} within ${powerLimits.stateWaitMs / 60_000} minutes.`,
      });
    }
    await wait(powerLimits.lookMs, signal);
  }
}

/**
 * Waits until an instance runs and its SSM agent has registered: then it can train.
 *
 * @throws instance-not-ready  The agent did not come, or the instance ended.
 */
export async function awaitReady(
  cloud: Cloud,
  instanceId: string,
  signal?: AbortSignal,
): Promise<InstanceView> {
  const view = await awaitState(
    cloud,
    instanceId,
    ['running', 'stopped', 'shutting-down', 'terminated'],
    signal,
  );
  const deadline = Date.now() + powerLimits.agentWaitMs;
  while (view.state === 'running' && Date.now() < deadline) {
    if (await cloud.agents.isOnline(instanceId)) return view;
    await wait(powerLimits.lookMs, signal);
  }
  throw new Failure('instance-not-ready', `${instanceId} did not become ready.`, {
    why:
      view.state === 'running'
        ? `It runs, but its SSM agent has not registered within ${powerLimits.agentWaitMs / 60_000} minutes.`
        : `EC2 says that it is ${view.state} (${view.stateReason.message || 'without a reason'}).`,
  });
}

const notStoppable = (instanceId: string, why: string, cause?: unknown): Failure =>
  new Failure('instance-not-stoppable', `${instanceId} cannot be stopped.`, {
    why,
    next: `Let it run, or give it back: runctl aws terminate ${instanceId}. An On-Demand instance can be stopped.`,
    ...(cause === undefined ? {} : { cause }),
  });

/** The error table calls this state a passing one, since launches meet it so; here it is the answer. */
function explained(error: unknown): unknown {
  const read = readAwsError(error);
  if (read?.code !== 'IncorrectInstanceState') return error;
  return new Failure('instance-not-usable', read.message, {
    why: 'The state of the instance does not allow it.',
    next: 'Repeat the command when the state has changed; `aws ec2 describe-instances` shows it.',
    cause: error,
  });
}
