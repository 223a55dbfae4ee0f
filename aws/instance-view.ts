import type { Instance } from '@aws-sdk/client-ec2';
import type { InstanceGone, PurchaseOption } from '../domain/instance';
import type { Instant } from '../domain/instant';

/** EC2's own words. @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html */
export type InstanceState =
  'pending' | 'running' | 'stopping' | 'stopped' | 'shutting-down' | 'terminated';

/** An EC2 instance as far as we look at it. */
export interface InstanceView {
  readonly instanceId: string;
  readonly state: InstanceState;
  readonly instanceType: string;
  readonly zone: string;
  readonly purchase: PurchaseOption;
  readonly launchedAt: Instant;
  /** `StateReason` of EC2; empty while nothing happened. */
  readonly stateReason: InstanceGone;
  /** When the state last changed, where EC2 says so. */
  readonly stateChangedAt: Instant | null;
  readonly spotRequestId: string | null;
  readonly tags: Readonly<Record<string, string>>;
}

const states: readonly InstanceState[] = [
  'pending',
  'running',
  'stopping',
  'stopped',
  'shutting-down',
  'terminated',
];

/** Reads one item of DescribeInstances; null when EC2 left out what every instance has. */
export function readInstance(instance: Instance): InstanceView | null {
  const state = states.find((known) => known === instance.State?.Name);
  if (instance.InstanceId === undefined || state === undefined) return null;
  return {
    instanceId: instance.InstanceId,
    state,
    instanceType: instance.InstanceType ?? '',
    zone: instance.Placement?.AvailabilityZone ?? '',
    // Absent on On-Demand instances.
    purchase: instance.InstanceLifecycle === 'spot' ? 'spot' : 'on-demand',
    launchedAt: (instance.LaunchTime ?? new Date(0)).toISOString(),
    stateReason: {
      code: instance.StateReason?.Code ?? '',
      message: instance.StateReason?.Message ?? '',
    },
    stateChangedAt: readTransitionInstant(instance.StateTransitionReason ?? ''),
    spotRequestId: instance.SpotInstanceRequestId ?? null,
    tags: Object.fromEntries((instance.Tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? ''])),
  };
}

/** Reads the moment out of `User initiated (2026-08-10 18:00:00 GMT)`; null when the text has none. */
export function readTransitionInstant(reason: string): Instant | null {
  const found = /\((\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}:\d{2}) (?:GMT|UTC)\)/.exec(reason);
  return found === null ? null : new Date(`${found[1] ?? ''}T${found[2] ?? ''}Z`).toISOString();
}

/** Whether the instance will never run again, or is on its way there. */
export const isEnding = (instance: InstanceView): boolean =>
  instance.state === 'shutting-down' || instance.state === 'terminated';

/** Why an instance is gone, or null while it is not; `null` stands for an instance that EC2 no longer knows. */
export function whyGone(instance: InstanceView | null, instanceId: string): InstanceGone | null {
  if (instance === null) return { code: '', message: `EC2 no longer knows ${instanceId}` };
  if (instance.state === 'pending' || instance.state === 'running') return null;
  if (instance.stateReason.code !== '') return instance.stateReason;
  return { code: '', message: `${instanceId} is ${instance.state}` };
}
