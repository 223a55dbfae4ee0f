import type { InstanceView } from '../../aws/instance-view';
import type { PurchaseOption } from '../../domain/instance';

/** An instance as the commands of `runctl aws` tell of it. */
export interface InstanceDocument {
  readonly instanceId: string;
  readonly name: string | null;
  readonly state: string;
  readonly instanceType: string;
  readonly zone: string;
  readonly purchase: PurchaseOption;
  readonly launchedAt: string;
}

export function toInstanceDocument(view: InstanceView): InstanceDocument {
  const { instanceId, state, instanceType, zone, purchase, launchedAt, tags } = view;
  const name = tags['Name'] ?? null;
  return { instanceId, name, state, instanceType, zone, purchase, launchedAt };
}

/** `i-0abc (g5.xlarge, us-east-1a, spot, "mine")` */
export function describeInstance({ instanceId, instanceType, zone, purchase, tags }: InstanceView) {
  const name = tags['Name'] === undefined ? '' : `, "${tags['Name']}"`;
  return `${instanceId} (${instanceType}, ${zone}, ${purchase}${name})`;
}
