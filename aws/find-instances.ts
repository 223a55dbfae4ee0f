import { DescribeInstancesCommand, type Filter } from '@aws-sdk/client-ec2';
import { appTagValue, tagKeys } from '../domain/ids';
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

/**
 * Every live instance that runctl launched in this account and region. An instance of the user's own may carry the tag
 * `app`, since it is what permits commands to it; only a launch gives one a run.
 */
export async function findAllLive(clients: AwsClients): Promise<readonly InstanceView[]> {
  const tagged = await find(clients, [filter('instance-state-name', ...liveStates)]);
  return tagged.filter((instance) => (instance.tags[tagKeys.runId] ?? '') !== '');
}

/** Whether the instance still costs or may cost money. */
export const isLive = (instance: InstanceView): boolean => liveStates.includes(instance.state);

async function find(clients: AwsClients, filters: Filter[]): Promise<readonly InstanceView[]> {
  const views: InstanceView[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < launchLimits.maxPages; page += 1) {
    const reply = await clients.ec2.send(
      new DescribeInstancesCommand({
        Filters: [filter(`tag:${tagKeys.app}`, appTagValue), ...filters],
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
