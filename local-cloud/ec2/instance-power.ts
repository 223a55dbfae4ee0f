import type {
  InstanceStateChange,
  RebootInstancesRequest,
  StartInstancesRequest,
  StartInstancesResult,
  StopInstancesRequest,
  StopInstancesResult,
  TerminateInstancesRequest,
  TerminateInstancesResult,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../wire/aws-error';
import { stateReason } from '../world/state-reasons';
import type { InstanceRecord } from '../world/records';
import type { Ec2Context } from './context';
import { checkDryRun } from './dry-run';
import { findInstances } from './find-instances';
import { viewState } from './instance-view';
import { capacityError } from './launch';

/** TerminateInstances: repeating it is no error, whatever became of the instance. */
export function terminateInstances(
  context: Ec2Context,
  request: TerminateInstancesRequest,
): TerminateInstancesResult {
  const instances = findInstances(context.world, [...new Set(request.InstanceIds ?? [])]);
  checkDryRun(request.DryRun);
  for (const instance of instances) terminate(context, instance);
  return { TerminatingInstances: instances.map((before) => changeOf(context, before)) };
}

function terminate({ world, lifecycle }: Ec2Context, instance: InstanceRecord): void {
  switch (instance.state) {
    case 'pending':
    case 'running':
      lifecycle.end(instance, 'user', 'terminated');
      return;
    case 'stopped':
    case 'stopping':
      // Its machine is off, or going off already.
      world.updateInstance(instance.instanceId, {
        state: 'shutting-down',
        stateReason: stateReason('user', instance.purchase === 'spot', world.now()),
      });
      return;
    case 'shutting-down':
    case 'terminated':
  }
}

/** StopInstances: the machine goes off, its disk stays. Stopping what is stopped already is no error. */
export function stopInstances(
  context: Ec2Context,
  request: StopInstancesRequest,
): StopInstancesResult {
  const instances = findInstances(context.world, [...new Set(request.InstanceIds ?? [])]);
  for (const instance of instances) {
    if (instance.purchase === 'spot') {
      throw new AwsError(
        'UnsupportedOperation',
        `You can't stop the Spot Instance '${instance.instanceId}' because it is associated with a ` +
          `one-time Spot Instance request. You can only stop Spot Instances associated with persistent ` +
          `Spot Instance requests.`,
      );
    }
    if (isOver(instance)) throw incorrectState(instance, 'stopped');
    if (instance.billed.length === 0) {
      throw new AwsError(
        'IncorrectInstanceState',
        `Instance '${instance.instanceId}' cannot be stopped as it has never reached the 'running' state.`,
      );
    }
  }
  checkDryRun(request.DryRun);
  for (const instance of instances) {
    if (instance.state === 'running' || instance.state === 'pending') {
      context.lifecycle.end(instance, 'user', 'stopped');
    }
  }
  return { StoppingInstances: instances.map((before) => changeOf(context, before)) };
}

/** StartInstances: a stopped instance boots again, on its old disk and with a new boot id. */
export function startInstances(
  context: Ec2Context,
  request: StartInstancesRequest,
): StartInstancesResult {
  const { world, lifecycle } = context;
  const instances = findInstances(world, [...new Set(request.InstanceIds ?? [])]);
  for (const instance of instances) {
    if (isOver(instance) || instance.state === 'stopping')
      throw incorrectState(instance, 'started');
  }
  checkDryRun(request.DryRun);
  const stopped = instances.filter(({ state }) => state === 'stopped');
  const isOut = world.faults.outOfCapacity(stopped);
  const short = stopped.find((_, index) => isOut[index] === true);
  if (short !== undefined) throw capacityError(short);
  for (const { instanceId } of stopped) {
    const change = { state: 'pending', stateReason: null, endingAt: null } as const;
    lifecycle.boot(
      world.updateInstance(instanceId, { ...change, launchedAt: world.now().toISOString() }),
    );
  }
  return { StartingInstances: instances.map((before) => changeOf(context, before)) };
}

/** RebootInstances: processes end, the boot id changes; the state stays running. */
export function rebootInstances(context: Ec2Context, request: RebootInstancesRequest): object {
  const instances = findInstances(context.world, [...new Set(request.InstanceIds ?? [])]);
  const down = instances.find(({ state }) => state !== 'running');
  if (down !== undefined) throw incorrectState(down, 'rebooted');
  checkDryRun(request.DryRun);
  for (const instance of instances) context.lifecycle.reboot(instance);
  return {};
}

function isOver({ state }: InstanceRecord): boolean {
  return state === 'shutting-down' || state === 'terminated';
}

function incorrectState({ instanceId, state }: InstanceRecord, verb: string): AwsError {
  return new AwsError(
    'IncorrectInstanceState',
    `The instance '${instanceId}' is not in a state from which it can be ${verb}: ${state}.`,
  );
}

/** How one call changed an instance's state. */
function changeOf({ world }: Ec2Context, before: InstanceRecord): InstanceStateChange {
  const after = world.instances.get(before.instanceId) ?? before;
  return {
    InstanceId: before.instanceId,
    CurrentState: viewState(after.state),
    PreviousState: viewState(before.state),
  };
}
