import { DescribeInstancesCommand, type Filter } from '@aws-sdk/client-ec2';
import { appTagValue, tagKeys } from '../domain/ids';
import { runOf } from '../domain/orphans';
import type { AwsClients } from './clients';
import { type InstanceState, type InstanceView, readInstance } from './instance-view';
import { launchLimits } from './limits';

/** Every state in which an instance costs or may cost money. */
const liveStates: readonly InstanceState[] = ['pending', 'running', 'stopping', 'stopped'];

const filter = (name: string, ...values: readonly string[]): Filter => ({
  Name: name,
  Values: [...values],
});

/** Instances launched for one attempt, oldest first, ended ones too as long as EC2 shows them (about an hour). */
export async function findByAttempt(
  clients: AwsClients,
  runId: string,
  attemptNumber: number,
): Promise<readonly InstanceView[]> {
  return find(clients, [
    filter(`tag:${tagKeys.runId}`, runId),
    filter(`tag:${tagKeys.attempt}`, String(attemptNumber)),
  ]);
}

/** Instances launched for a run, oldest first, ended ones too. */
export async function findByRun(
  clients: AwsClients,
  runId: string,
): Promise<readonly InstanceView[]> {
  return find(clients, [filter(`tag:${tagKeys.runId}`, runId)]);
}

/** Every live instance that runctl launched in this account and region. */
export async function findAllLive(clients: AwsClients): Promise<readonly InstanceView[]> {
  const tagged = await find(clients, [filter('instance-state-name', ...liveStates)]);
  return tagged.filter((instance) => runOf(instance) !== null);
}

/** Every instance of this account and region that EC2 still shows, whoever launched it, ended ones too. */
export function findEvery(clients: AwsClients): Promise<readonly InstanceView[]> {
  return describe(clients, []);
}

/** Every instance of runctl's that runs, or is about to: those of runs, and those of the user's own that carry its tag. */
export function findRunning(clients: AwsClients): Promise<readonly InstanceView[]> {
  return find(clients, [filter('instance-state-name', 'pending', 'running')]);
}

/** Whether the instance still costs or may cost money. */
export const isLive = (instance: InstanceView): boolean => liveStates.includes(instance.state);

const find = (clients: AwsClients, filters: Filter[]): Promise<readonly InstanceView[]> =>
  describe(clients, [filter(`tag:${tagKeys.app}`, appTagValue), ...filters]);

async function describe(clients: AwsClients, filters: Filter[]): Promise<readonly InstanceView[]> {
  const views: InstanceView[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < launchLimits.maxPages; page += 1) {
    const reply = await clients.ec2.send(
      new DescribeInstancesCommand({
        Filters: filters,
        MaxResults: 1_000,
        NextToken: nextToken,
      }),
    );
    for (const instance of (reply.Reservations ?? []).flatMap((each) => each.Instances ?? [])) {
      const view = readInstance(instance);
      if (view !== null) views.push(view);
    }
    nextToken = reply.NextToken;
    if (nextToken === undefined || nextToken === '') break;
  }
  return views.sort((one, other) => one.launchedAt.localeCompare(other.launchedAt));
}
