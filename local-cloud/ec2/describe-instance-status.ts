import type {
  DescribeInstanceStatusRequest,
  DescribeInstanceStatusResult,
  InstanceStatus,
} from '@aws-sdk/client-ec2';
import { page } from '../wire/paging';
import type { InstanceRecord } from '../world/records';
import type { Ec2Context } from './context';
import { selectInstances } from './describe-instances';
import { viewState } from './instance-view';

const PAGE_LIMIT = 1000;

/** DescribeInstanceStatus: running instances only, unless all are asked for. */
export function describeInstanceStatus(
  { world }: Ec2Context,
  request: DescribeInstanceStatusRequest,
): DescribeInstanceStatusResult {
  const instances = selectInstances(world, request).filter(
    ({ state }) => request.IncludeAllInstances === true || state === 'running',
  );
  const { items, nextToken } = page(instances, ({ instanceId }) => instanceId, {
    token: request.NextToken,
    maxResults: request.MaxResults,
    limit: PAGE_LIMIT,
    tokenError: 'InvalidNextToken',
  });
  return { InstanceStatuses: items.map(view), NextToken: nextToken };
}

function view(instance: InstanceRecord): InstanceStatus {
  const status = instance.state === 'running' ? 'ok' : 'not-applicable';
  const reachability = status === 'ok' ? ('passed' as const) : ('initializing' as const);
  const summary = {
    Status: status,
    Details: status === 'ok' ? [{ Name: 'reachability' as const, Status: reachability }] : [],
  } as const;
  return {
    InstanceId: instance.instanceId,
    AvailabilityZone: instance.zone,
    InstanceState: viewState(instance.state),
    InstanceStatus: { ...summary, Details: [...summary.Details] },
    SystemStatus: { ...summary, Details: [...summary.Details] },
    Events: [],
  };
}
