import type { RequestSpotInstancesRequest, RequestSpotInstancesResult } from '@aws-sdk/client-ec2';
import { findInstanceType } from '../catalogue/instance-types';
import { AwsError } from '../wire/aws-error';
import { newSpotRequestId } from '../world/ids';
import type { LaunchSpec, SpotRequestRecord } from '../world/records';
import { spotStatusMessage } from '../world/spot-status';
import type { World } from '../world/world';
import type { Ec2Context } from './context';
import { checkDryRun } from './dry-run';
import { resolveLaunchSpecs } from './launch-settings';
import { fingerprint } from './launch-tokens';
import { viewSpotRequest } from './spot-requests';
import { checkTags, tagsFor } from './tag-rules';

const COUNT_LIMIT = 20;

/**
 * RequestSpotInstances: answers at once with open requests; whether and where they are fulfilled is told by
 * DescribeSpotInstanceRequests. An instance that comes of one carries no tags: those given are the request's.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestSpotInstances.html
 */
export function requestSpotInstances(
  { world }: Ec2Context,
  request: RequestSpotInstancesRequest,
): RequestSpotInstancesResult {
  checkKind(request);
  const tagSpecifications = request.TagSpecifications ?? [];
  checkTags(tagSpecifications);
  const pools = resolveLaunchSpecs(world, {
    ...request.LaunchSpecification,
    Monitoring:
      request.LaunchSpecification?.Monitoring?.Enabled === true ? { Enabled: true } : undefined,
    InstanceMarketOptions: { MarketType: 'spot' },
  });
  const [first] = pools;
  if (first === undefined) throw new Error('A Spot request without any pool.');
  const count = readCount(request.InstanceCount);
  const maxPrice = readPrice(request.SpotPrice, first);
  checkDryRun(request.DryRun);

  const known = earlierAnswer(world, request);
  const requests = known.length > 0 ? known : Array.from({ length: count }, open);
  return { SpotInstanceRequests: requests.map((one) => viewSpotRequest(world, one)) };

  function open(): SpotRequestRecord {
    const now = world.now().toISOString();
    const requestId = newSpotRequestId();
    return world.spotRequests.put(requestId, {
      requestId,
      instanceId: null,
      instanceType: first?.instanceType ?? '',
      zone: null,
      imageId: first?.imageId ?? '',
      subnetId: null,
      state: 'open',
      statusCode: 'pending-evaluation',
      statusMessage: spotStatusMessage('pending-evaluation'),
      statusUpdatedAt: now,
      createdAt: now,
      maxPrice,
      tags: tagsFor(tagSpecifications, 'spot-instances-request'),
      asked: {
        clientToken: request.ClientToken ?? '',
        fingerprint: fingerprint(request),
        pools,
        validFrom: request.ValidFrom?.toISOString() ?? null,
        validUntil: request.ValidUntil?.toISOString() ?? null,
        evaluateAt: now,
      },
    });
  }
}

function checkKind(request: RequestSpotInstancesRequest): void {
  const behavior = request.InstanceInterruptionBehavior ?? 'terminate';
  if (request.Type === 'persistent' || behavior !== 'terminate') {
    throw new AwsError(
      'UnsupportedOperation',
      'This local cloud has one-time Spot requests with the interruption behavior terminate only.',
    );
  }
  const other = request.TagSpecifications?.find(
    ({ ResourceType: type }) => type !== 'spot-instances-request',
  );
  if (other !== undefined) {
    throw new AwsError(
      'InvalidParameterValue',
      `'${other.ResourceType ?? ''}' is not a valid taggable resource type for this operation.`,
    );
  }
}

function readCount(count = 1): number {
  if (Number.isInteger(count) && count >= 1 && count <= COUNT_LIMIT) return count;
  throw new AwsError(
    'InvalidParameterValue',
    `Value (${count}) for parameter instanceCount is invalid; it must be from 1 to ${COUNT_LIMIT} here.`,
  );
}

/** Without a price the On-Demand price is the limit. */
function readPrice(price: string | undefined, { instanceType }: LaunchSpec): string {
  if (price === undefined) {
    return (findInstanceType(instanceType)?.onDemandPricePerHourUsd ?? 0).toFixed(6);
  }
  if (Number(price) > 0) return Number(price).toFixed(6);
  throw new AwsError('InvalidParameterValue', `Value (${price}) for parameter price is invalid.`);
}

/** What a known client token was answered with. @throws AwsError IdempotentParameterMismatch. */
function earlierAnswer(
  world: World,
  request: RequestSpotInstancesRequest,
): readonly SpotRequestRecord[] {
  const token = request.ClientToken ?? '';
  if (token === '') return [];
  const known = world.spotRequests.all().filter(({ asked }) => asked?.clientToken === token);
  if (known.every(({ asked }) => asked?.fingerprint === fingerprint(request))) return known;
  throw new AwsError(
    'IdempotentParameterMismatch',
    'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
  );
}
