import type { Lifecycle } from '../world/lifecycle';
import type { InstanceRecord } from '../world/records';
import type { World } from '../world/world';

/** What every SSM operation works with. */
export interface SsmContext {
  readonly world: World;
  readonly lifecycle: Lifecycle;
}

/** Whether SSM knows the instance: it runs, its agent has registered, and it has a role that lets the agent in. */
export function isRegistered(instance: InstanceRecord, now: Date): boolean {
  return (
    instance.state === 'running' &&
    instance.instanceProfile !== null &&
    instance.ssmOnlineAt !== null &&
    Date.parse(instance.ssmOnlineAt) <= +now
  );
}
