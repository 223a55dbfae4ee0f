import type { DescribeInstancesRequest, DescribeInstancesResult } from '@aws-sdk/client-ec2';
import { AwsError } from '../wire/aws-error';
import type { InstanceRecord } from '../world/records';
import type { Ec2Context } from './context';
import { checkDryRun } from './dry-run';
import { filterBy, type FilterValues } from './filters';
import { findInstances } from './find-instances';
import { viewReservation, viewState } from './instance-view';
import { page } from '../wire/paging';

const PAGE_LIMIT = 1000;

/** The filters of DescribeInstances that this cloud has. */
const instanceFilters: FilterValues<InstanceRecord> = {
  'availability-zone': ({ zone }) => [zone],
  'client-token': ({ clientToken }) => [clientToken],
  'iam-instance-profile.name': ({ instanceProfile }) => [instanceProfile],
  'image-id': ({ imageId }) => [imageId],
  'instance-id': ({ instanceId }) => [instanceId],
  'instance-lifecycle': ({ purchase }) => (purchase === 'spot' ? ['spot'] : []),
  'instance-state-code': ({ state }) => [String(viewState(state).Code)],
  'instance-state-name': ({ state }) => [state],
  'instance-type': ({ instanceType }) => [instanceType],
  'key-name': ({ keyName }) => [keyName],
  'launch-time': ({ launchedAt }) => [launchedAt],
  'private-ip-address': ({ privateIp }) => [privateIp],
  'reservation-id': ({ reservationId }) => [reservationId],
  'spot-instance-request-id': ({ spotRequestId }) => [spotRequestId],
  'state-reason-code': ({ stateReason }) => [stateReason?.code],
  'subnet-id': ({ subnetId }) => [subnetId],
};

export function describeInstances(
  { world }: Ec2Context,
  request: DescribeInstancesRequest,
): DescribeInstancesResult {
  checkDryRun(request.DryRun);
  const instances = selectInstances(world, request);
  const { items, nextToken } = page(instances, ({ instanceId }) => instanceId, {
    token: request.NextToken,
    maxResults: request.MaxResults,
    limit: PAGE_LIMIT,
    tokenError: 'InvalidNextToken',
  });
  const byReservation = new Map<string, InstanceRecord[]>();
  for (const instance of items) {
    const group = byReservation.get(instance.reservationId) ?? [];
    byReservation.set(instance.reservationId, [...group, instance]);
  }
  return {
    Reservations: [...byReservation.values()].map((group) => viewReservation(world, group)),
    NextToken: nextToken,
  };
}

/** What the ids and filters of a request select. */
export function selectInstances(
  world: Ec2Context['world'],
  request: Pick<DescribeInstancesRequest, 'InstanceIds' | 'Filters' | 'MaxResults'>,
): readonly InstanceRecord[] {
  const { InstanceIds: ids = [], Filters: filters, MaxResults: maxResults } = request;
  if (ids.length > 0 && maxResults !== undefined) {
    throw new AwsError(
      'InvalidParameterCombination',
      'The parameter instancesSet cannot be used with the parameter maxResults',
    );
  }
  if (maxResults !== undefined && (maxResults < 5 || maxResults > PAGE_LIMIT)) {
    throw new AwsError(
      'InvalidParameterValue',
      `Value ( ${maxResults} ) for parameter maxResults is invalid. Expecting a value between 5 and ${PAGE_LIMIT}.`,
    );
  }
  const instances =
    ids.length > 0 ? findInstances(world, [...new Set(ids)]) : world.instances.all();
  return instances.filter(filterBy(filters, instanceFilters));
}
