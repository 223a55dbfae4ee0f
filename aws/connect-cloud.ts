import { type AgentReader, createAgentReader } from './agent-reader';
import { cached } from './cached';
import { type AwsClients, closeClients, createClients } from './clients';
import type { CloudSettings } from './cloud-settings';
import { createInstanceReader, type InstanceReader } from './instance-reader';
import { ensureLaunchTemplate } from './launch-template';
import { launchLimits } from './limits';
import { createLiveReader, type LiveReader } from './live-reader';
import { createPlacement, type Placement } from './placement';
import { createPriceBook, type PriceBook } from './prices';
import { createStatusReader, type StatusReader } from './status-reader';

/** The way to one account and region: what the calls of this folder share. Make one per process. */
export interface Cloud {
  readonly settings: CloudSettings;
  readonly clients: AwsClients;
  readonly instances: InstanceReader;
  readonly live: LiveReader;
  readonly agents: AgentReader;
  readonly statuses: StatusReader;
  readonly placement: Placement;
  readonly prices: PriceBook;
  /** The name of the launch template with this hop limit; makes it when it is not there. */
  launchTemplate(metadataHopLimit: 1 | 2): Promise<string>;
  close(): void;
}

/** Prepares the clients; makes no call and needs no credentials yet. */
export function connectCloud(settings: CloudSettings): Cloud {
  const clients = createClients(settings.region);
  const template = (metadataHopLimit: 1 | 2) =>
    cached(launchLimits.placementCacheMs, () =>
      ensureLaunchTemplate(clients, settings, metadataHopLimit),
    );
  const templates = { 1: template(1), 2: template(2) };
  return {
    settings,
    clients,
    instances: createInstanceReader(clients.ec2),
    live: createLiveReader(clients),
    agents: createAgentReader(clients.ssm),
    statuses: createStatusReader(clients),
    placement: createPlacement(clients.ec2, settings),
    prices: createPriceBook(clients, settings.region),
    launchTemplate: (metadataHopLimit) => templates[metadataHopLimit](''),
    close: () => {
      closeClients(clients);
    },
  };
}
