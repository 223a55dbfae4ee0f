import { type Cloud, connectCloud } from '../../aws/connect-cloud';
import type { CloudSettings } from '../../aws/cloud-settings';
import { startLocalCloud, type TestCloud, type TestCloudOptions } from './local-cloud';

/** A local cloud and our own way to it, as a worker has it: by endpoint and credentials from the environment. */
export interface ConnectedCloud {
  readonly local: TestCloud;
  readonly cloud: Cloud;
  /** How often an operation was sent, repeats by the SDK included. */
  sent(operation: string): number;
  close(): Promise<void>;
}

export async function startConnectedCloud(
  options: TestCloudOptions & { readonly settings?: Partial<CloudSettings> } = {},
): Promise<ConnectedCloud> {
  const local = await startLocalCloud(options);
  // Jest gives every test file an environment of its own.
  Object.assign(process.env, local.environment);
  const cloud = connectCloud({
    region: local.facts.region,
    bucket: local.facts.bucket,
    instanceProfile: local.facts.instanceProfile,
    image: {
      kind: 'ssm-parameter',
      name: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
    },
    subnetIds: [],
    securityGroupIds: [],
    ...options.settings,
  });
  const counts = countCalls(cloud);
  return {
    local,
    cloud,
    sent: (operation) => counts.get(operation) ?? 0,
    close: async () => {
      cloud.close();
      await local.close();
    },
  };
}

interface Countable {
  readonly middlewareStack: {
    add(
      middleware: (
        next: (args: object) => Promise<object>,
        context: { commandName?: string },
      ) => (args: object) => Promise<object>,
      options: { step: 'finalizeRequest'; priority: 'low'; name: string },
    ): void;
  };
}

/** Counts on the wire's side of the SDK's retries. */
function countCalls(cloud: Cloud): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const client of Object.values(cloud.clients)) {
    // Every client has a stack of this form; their types differ in the operations only.
    (client as Countable).middlewareStack.add(
      (next, context) => (args) => {
        const name = (context.commandName ?? '').replace(/Command$/, '');
        counts.set(name, (counts.get(name) ?? 0) + 1);
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low', name: 'countCalls' },
    );
  }
  return counts;
}
