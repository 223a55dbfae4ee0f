import { type AgentReader, createAgentReader } from './agent-reader';
import { cached } from './cached';
import { type AwsClients, closeClients, createClients } from './clients';
import type { CloudSettings } from './cloud-settings';
import { createInstanceReader, type InstanceReader } from './instance-reader';
import { ensureLaunchTemplate } from './launch-template';
import { launchLimits } from './limits';
import { createPlacement, type Placement } from './placement';
import { createStatusReader, type StatusReader } from './status-reader';

/** The way to one account and region: what the calls of this folder share. Make one per process. */
export interface Cloud {
  readonly settings: CloudSettings;
  readonly clients: AwsClients;
  readonly instances: InstanceReader;
  readonly agents: AgentReader;
  readonly statuses: StatusReader;
  readonly placement: Placement;
  /** The name of the launch template; makes it when it is not there. */
  launchTemplate(): Promise<string>;
  close(): void;
}

/** Prepares the clients; makes no call and needs no credentials yet. */
export function connectCloud(settings: CloudSettings): Cloud {
  const clients = createClients(settings.region);
  const template = cached(launchLimits.placementCacheMs, () =>
    ensureLaunchTemplate(clients, settings),
  );
  return {
    settings,
    clients,
    instances: createInstanceReader(clients.ec2),
    agents: createAgentReader(clients.ssm),
    statuses: createStatusReader(clients),
    placement: createPlacement(clients.ec2, settings),
    launchTemplate: () => template(''),
    close: () => {
      closeClients(clients);
    },
  };
}
