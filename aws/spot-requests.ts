import {
  CancelSpotInstanceRequestsCommand,
  DescribeSpotInstanceRequestsCommand,
  type SpotInstanceRequest,
} from '@aws-sdk/client-ec2';
import type { Instant } from '../domain/instant';
import { runOf } from '../domain/orphans';
import { hasCode } from './aws-error';
import type { AwsClients } from './clients';
import type { InstanceView } from './instance-view';
import { launchLimits, releaseLimits } from './limits';

/** A Spot request that is not closed. */
export interface SpotRequestView {
  readonly requestId: string;
  readonly state: 'open' | 'active';
  readonly createdAt: Instant;
  readonly instanceId: string | null;
  /** The run that it was made for. */
  readonly runId: string;
}

/**
 * The Spot requests of this account and region that are still open and ours: they carry the tags of a run, or their
 * instance does. A fleet's requests carry none of their own.
 */
export async function findOpenSpotRequests(
  clients: AwsClients,
  ourInstances: readonly InstanceView[],
): Promise<readonly SpotRequestView[]> {
  const runOfInstance = new Map(ourInstances.map((each) => [each.instanceId, runOf(each)]));
  const found: SpotRequestView[] = [];
  let nextToken: string | undefined;
  for (let page = 0; page < launchLimits.maxPages; page += 1) {
    const reply = await clients.ec2.send(
      new DescribeSpotInstanceRequestsCommand({
        Filters: [{ Name: 'state', Values: ['open', 'active'] }],
        MaxResults: 1_000,
        NextToken: nextToken,
      }),
    );
    for (const request of reply.SpotInstanceRequests ?? []) {
      const view = readRequest(request, runOfInstance);
      if (view !== null) found.push(view);
    }
    nextToken = reply.NextToken;
    if (nextToken === undefined || nextToken === '') break;
  }
  return found;
}

function readRequest(
  request: SpotInstanceRequest,
  runOfInstance: ReadonlyMap<string, string | null>,
): SpotRequestView | null {
  const { SpotInstanceRequestId: requestId, State: state, InstanceId: instanceId } = request;
  const tags = Object.fromEntries(
    (request.Tags ?? []).map(({ Key, Value }) => [Key ?? '', Value ?? '']),
  );
  const runId = runOf({ tags }) ?? runOfInstance.get(instanceId ?? '') ?? null;
  if (requestId === undefined || runId === null) return null;
  if (state !== 'open' && state !== 'active') return null;
  const createdAt = (request.CreateTime ?? new Date(0)).toISOString();
  return { requestId, state, createdAt, instanceId: instanceId ?? null, runId };
}

/** Cancels these requests; what is closed or gone already is success. Their instances, if any, run on. */
export async function cancelSpotRequests(
  clients: AwsClients,
  requestIds: readonly string[],
): Promise<void> {
  for (let from = 0; from < requestIds.length; from += releaseLimits.maxInstancesPerTerminate) {
    const part = requestIds.slice(from, from + releaseLimits.maxInstancesPerTerminate);
    try {
      await clients.ec2.send(
        new CancelSpotInstanceRequestsCommand({ SpotInstanceRequestIds: [...part] }),
      );
    } catch (error) {
      // Requests vanish some time after their instance: then there is nothing to cancel.
      if (!hasCode(error, 'InvalidSpotInstanceRequestID.NotFound')) throw error;
    }
  }
}
