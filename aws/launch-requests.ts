import { createHash } from 'node:crypto';
import type {
  CreateFleetCommandInput,
  RunInstancesCommandInput,
  Tag,
  TagSpecification,
} from '@aws-sdk/client-ec2';
import { appTagValue, tagKeys } from '../domain/ids';
import type { PurchaseOption } from '../domain/instance';
import type { PlacedPool } from './placement';

/** One launch, worked out to the last detail. */
export interface LaunchPlan {
  readonly runId: string;
  readonly attemptNumber: number;
  /**
   * Names this request apart from an earlier one of the same attempt whose answer is known, for instance a capacity
   * shortage: EC2 would repeat the old answer to an old token.
   */
  readonly requestKey: string;
  readonly purchase: PurchaseOption;
  /** Of Spot capacity; null: EC2's own limit, the On-Demand price. */
  readonly spotMaxPriceUsdPerHour: number | null;
  readonly pools: readonly PlacedPool[];
  readonly templateName: string;
  /** Counts up when EC2 says that a token is used up. */
  readonly generation: number;
}

/**
 * The client token of a plan: 64 characters, the most that EC2 takes. It names the subnets, since EC2 keeps tokens per
 * zone as soon as a subnet is named.
 *
 * @see https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
 */
export function clientToken(plan: LaunchPlan): string {
  const { runId, attemptNumber, requestKey, purchase, generation } = plan;
  const pools = plan.pools.map((pool) => `${pool.instanceType} ${pool.subnetId}`).sort();
  const parts = { runId, attemptNumber, requestKey, purchase, generation, pools };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

/** The call for a choice of pools: EC2 picks, by price and by how likely an interruption is. */
export function fleetRequest(plan: LaunchPlan): CreateFleetCommandInput {
  const isSpot = plan.purchase === 'spot';
  return {
    Type: 'instant',
    ClientToken: clientToken(plan),
    TargetCapacitySpecification: {
      TotalTargetCapacity: 1,
      DefaultTargetCapacityType: plan.purchase,
    },
    ...(isSpot
      ? { SpotOptions: { AllocationStrategy: 'price-capacity-optimized' } }
      : { OnDemandOptions: { AllocationStrategy: 'lowest-price' } }),
    LaunchTemplateConfigs: [
      {
        LaunchTemplateSpecification: { LaunchTemplateName: plan.templateName, Version: '1' },
        Overrides: plan.pools.map((pool) => ({
          InstanceType: asInstanceType(pool.instanceType),
          SubnetId: pool.subnetId,
          AvailabilityZone: pool.zone,
          ...maxPrice(plan),
        })),
      },
    ],
    TagSpecifications: tagSpecifications(attemptTags(plan), ['instance', 'volume']),
  };
}

/**
 * The maximum price of a Spot launch, only where a user set one: AWS interrupts such instances more often than those
 * without. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/how-spot-instances-work.html
 */
function maxPrice({
  purchase,
  spotMaxPriceUsdPerHour,
}: Pick<LaunchPlan, 'purchase' | 'spotMaxPriceUsdPerHour'>): { MaxPrice?: string } {
  if (purchase !== 'spot' || spotMaxPriceUsdPerHour === null) return {};
  return { MaxPrice: String(spotMaxPriceUsdPerHour) };
}

/** The call for exactly one pool. */
export function runInstancesRequest(plan: LaunchPlan, pool: PlacedPool): RunInstancesCommandInput {
  return onePoolRequest({ ...plan, clientToken: clientToken(plan), tags: attemptTags(plan) }, pool);
}

/** One instance in one pool, whoever it is for. */
export function onePoolRequest(
  launch: {
    readonly purchase: PurchaseOption;
    readonly spotMaxPriceUsdPerHour: number | null;
    readonly templateName: string;
    readonly clientToken: string;
    readonly tags: readonly Tag[];
  },
  pool: PlacedPool,
): RunInstancesCommandInput {
  const isSpot = launch.purchase === 'spot';
  return {
    MinCount: 1,
    MaxCount: 1,
    ClientToken: launch.clientToken,
    LaunchTemplate: { LaunchTemplateName: launch.templateName, Version: '1' },
    InstanceType: asInstanceType(pool.instanceType),
    SubnetId: pool.subnetId,
    ...(isSpot
      ? {
          InstanceMarketOptions: {
            MarketType: 'spot',
            SpotOptions: {
              SpotInstanceType: 'one-time',
              InstanceInterruptionBehavior: 'terminate',
              ...maxPrice(launch),
            },
          },
        }
      : {}),
    TagSpecifications: tagSpecifications(
      launch.tags,
      isSpot ? ['instance', 'volume', 'spot-instances-request'] : ['instance', 'volume'],
    ),
  };
}

// The SDK types instance types as a union of those known at its release; EC2 takes any string, and new ones appear.
const asInstanceType = (type: string): RunInstancesCommandInput['InstanceType'] =>
  type as RunInstancesCommandInput['InstanceType'];

const attemptTags = (plan: LaunchPlan): Tag[] => [
  { Key: tagKeys.app, Value: appTagValue },
  { Key: tagKeys.runId, Value: plan.runId },
  { Key: tagKeys.attempt, Value: String(plan.attemptNumber) },
  { Key: 'Name', Value: `runctl ${plan.runId} #${plan.attemptNumber}` },
];

const tagSpecifications = (
  tags: readonly Tag[],
  resources: readonly NonNullable<TagSpecification['ResourceType']>[],
): TagSpecification[] => resources.map((resource) => ({ ResourceType: resource, Tags: [...tags] }));
