import type { ServiceContext } from '../wire/json-service';
import type { InstanceRecord } from '../world/records';

/** What every SSM operation works with. */
export type SsmContext = ServiceContext;

/** Whether SSM knows the instance: it runs, its agent has registered, and it has a role that lets the agent in. */
export function isRegistered(instance: InstanceRecord, now: Date): boolean {
  return (
    instance.state === 'running' &&
    instance.instanceProfile !== null &&
    instance.ssmOnlineAt !== null &&
    Date.parse(instance.ssmOnlineAt) <= +now
  );
}
