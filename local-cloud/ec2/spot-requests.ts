import type {
  CancelSpotInstanceRequestsRequest,
  CancelSpotInstanceRequestsResult,
  DescribeSpotInstanceRequestsRequest,
  DescribeSpotInstanceRequestsResult,
  SpotInstanceRequest,
} from '@aws-sdk/client-ec2';
import { AwsError } from '../wire/aws-error';
import { page } from '../wire/paging';
import type { SpotRequestRecord } from '../world/records';
import { setSpotStatus } from '../world/spot-status';
import type { World } from '../world/world';
import type { Ec2Context } from './context';
import { checkDryRun } from './dry-run';
import { filterBy } from './filters';
import { tagList } from './tag-rules';

const PAGE_LIMIT = 1000;

export function describeSpotInstanceRequests(
  { world }: Ec2Context,
  request: DescribeSpotInstanceRequestsRequest,
): DescribeSpotInstanceRequestsResult {
  checkDryRun(request.DryRun);
  const ids = request.SpotInstanceRequestIds ?? [];
  const isWanted = filterBy<SpotRequestRecord>(request.Filters, {
    'availability-zone-group': () => [],
    'create-time': ({ createdAt }) => [createdAt],
    'instance-id': ({ instanceId }) => [instanceId],
    'launch.image-id': ({ imageId }) => [imageId],
    'launch.instance-type': ({ instanceType }) => [instanceType],
    'launched-availability-zone': ({ zone }) => [zone],
    'spot-instance-request-id': ({ requestId }) => [requestId],
    state: ({ state }) => [state],
    'status-code': ({ statusCode }) => [statusCode],
    type: () => ['one-time'],
  });
  const all = ids.length > 0 ? ids.map((id) => find(world, id)) : world.spotRequests.all();
  const { items, nextToken } = page(all.filter(isWanted), ({ requestId }) => requestId, {
    token: request.NextToken,
    maxResults: request.MaxResults,
    limit: PAGE_LIMIT,
    tokenError: 'InvalidNextToken',
  });
  return {
    SpotInstanceRequests: items.map((one) => viewSpotRequest(world, one)),
    // The last page has an empty token here, not a missing one.
    NextToken: nextToken ?? '',
  };
}

/** CancelSpotInstanceRequests: the request ends; an instance that it has runs on. */
export function cancelSpotInstanceRequests(
  { world }: Ec2Context,
  request: CancelSpotInstanceRequestsRequest,
): CancelSpotInstanceRequestsResult {
  const found = (request.SpotInstanceRequestIds ?? []).map((id) => find(world, id));
  checkDryRun(request.DryRun);
  for (const { requestId, state, instanceId } of found) {
    if (state === 'closed' || state === 'cancelled') continue;
    const statusCode =
      instanceId === null ? 'canceled-before-fulfillment' : 'request-canceled-and-instance-running';
    setSpotStatus(world, requestId, { state: 'cancelled', statusCode });
  }
  return {
    CancelledSpotInstanceRequests: found.map(({ requestId }) => ({
      SpotInstanceRequestId: requestId,
      State: 'cancelled',
    })),
  };
}

function find(world: World, requestId: string): SpotRequestRecord {
  const request = world.spotRequests.get(requestId);
  if (request !== undefined) return request;
  throw new AwsError(
    'InvalidSpotInstanceRequestID.NotFound',
    `The spot instance request ID '${requestId}' does not exist`,
  );
}

/** A Spot request as EC2 answers it. */
export function viewSpotRequest(world: World, request: SpotRequestRecord): SpotInstanceRequest {
  return {
    SpotInstanceRequestId: request.requestId,
    SpotPrice: request.maxPrice,
    Type: 'one-time',
    State: request.state,
    ValidFrom: dateOf(request.asked?.validFrom),
    ValidUntil: dateOf(request.asked?.validUntil),
    Status: {
      Code: request.statusCode,
      Message: request.statusMessage,
      UpdateTime: new Date(request.statusUpdatedAt),
    },
    CreateTime: new Date(request.createdAt),
    InstanceId: request.instanceId ?? undefined,
    InstanceInterruptionBehavior: 'terminate',
    LaunchedAvailabilityZone: request.zone ?? undefined,
    ProductDescription: 'Linux/UNIX',
    LaunchSpecification: {
      ImageId: request.imageId,
      InstanceType: request.instanceType as NonNullable<
        SpotInstanceRequest['LaunchSpecification']
      >['InstanceType'],
      SubnetId: request.subnetId ?? undefined,
      Placement: { AvailabilityZone: request.zone ?? undefined },
      SecurityGroups: [{ GroupId: world.settings.network.securityGroupId, GroupName: 'default' }],
    },
    Tags: tagList(request.tags),
  };
}

const dateOf = (instant: string | null | undefined): Date | undefined =>
  instant === null || instant === undefined ? undefined : new Date(instant);
