import type {
  CreateFleetError,
  CreateFleetInstance,
  CreateFleetRequest,
  CreateFleetResult,
  FleetLaunchTemplateConfigRequest,
  FleetLaunchTemplateOverridesRequest,
  LaunchTemplateAndOverridesResponse,
} from '@aws-sdk/client-ec2';
import { randomUUID } from 'node:crypto';
import { findInstanceType } from '../catalogue/instance-types';
import { spotPricePerHourUsd } from '../catalogue/spot-price';
import { AwsError } from '../wire/aws-error';
import { newId } from '../world/ids';
import type { LaunchSpec, Purchase } from '../world/records';
import type { World } from '../world/world';
import type { Ec2Context } from './context';
import { checkDryRun } from './dry-run';
import { capacityError, checkMaxPrice, launch } from './launch';
import { overlay, resolveLaunchSpecs, type LaunchSettings } from './launch-settings';
import { checkToken, fingerprint, tokenKey } from './launch-tokens';
import { checkTags, tagsFor } from './tag-rules';
import { findTemplateVersion, templateTags, type FoundTemplate } from './template-lookup';

const CAPACITY_LIMIT = 20;

/** One pool that the fleet may use, or why it may not. */
interface Candidate {
  readonly template: FoundTemplate | undefined;
  readonly override: FleetLaunchTemplateOverridesRequest;
  readonly purchase: Purchase;
  readonly spec: LaunchSpec | null;
  readonly refusal: AwsError | null;
}

/**
 * CreateFleet of type instant: launches at once, in the best pools that have capacity. What fails for lack of capacity,
 * or by one override alone, is a 200 with `Errors`.
 */
export function createFleet({ world }: Ec2Context, request: CreateFleetRequest): CreateFleetResult {
  if (request.Type !== 'instant') {
    throw new AwsError(
      'UnsupportedOperation',
      'This local cloud has fleets of the type instant only.',
    );
  }
  const purchases = readPurchases(request);
  checkTags(request.TagSpecifications ?? []);
  const candidates = [...new Set(purchases)].flatMap((purchase) =>
    listCandidates(world, request, purchase),
  );
  checkDryRun(request.DryRun);

  const token = request.ClientToken ?? '';
  const key = tokenKey('CreateFleet', world.region, token);
  const known = token === '' ? undefined : checkToken(world, key, fingerprint(request));
  if (known?.fleet !== undefined) return known.fleet;

  const fleetId = `fleet-${randomUUID()}`;
  const fleet = { FleetId: fleetId, ...fulfil(world, request, fleetId, candidates, purchases) };
  if (token !== '') {
    world.launchTokens.put(key, {
      key,
      usedAt: world.now().toISOString(),
      fingerprint: fingerprint(request),
      reservationId: '',
      instanceIds: fleet.Instances.flatMap(({ InstanceIds: ids = [] }) => ids),
      fleet,
    });
  }
  return fleet;
}

/** One entry for each instance that is asked for. */
function readPurchases({
  TargetCapacitySpecification: target,
}: CreateFleetRequest): readonly Purchase[] {
  const total = target?.TotalTargetCapacity ?? 0;
  if (total < 1 || total > CAPACITY_LIMIT) {
    throw new AwsError(
      'InvalidParameterValue',
      `TotalTargetCapacity must be from 1 to ${CAPACITY_LIMIT} here.`,
    );
  }
  const other: Purchase = target?.DefaultTargetCapacityType === 'spot' ? 'spot' : 'on-demand';
  const purchases: Purchase[] = [
    ...Array.from({ length: target?.SpotTargetCapacity ?? 0 }, () => 'spot' as const),
    ...Array.from({ length: target?.OnDemandTargetCapacity ?? 0 }, () => 'on-demand' as const),
  ];
  while (purchases.length < total) purchases.push(other);
  return purchases.slice(0, total);
}

function listCandidates(
  world: World,
  request: CreateFleetRequest,
  purchase: Purchase,
): readonly Candidate[] {
  return (request.LaunchTemplateConfigs ?? []).flatMap((config) => {
    const template = findTemplateVersion(world, config.LaunchTemplateSpecification);
    return overridesOf(config).flatMap((override) =>
      candidatesFor(world, request, template, override, purchase),
    );
  });
}

function overridesOf({
  Overrides: overrides = [],
}: FleetLaunchTemplateConfigRequest): readonly FleetLaunchTemplateOverridesRequest[] {
  return overrides.length > 0 ? overrides : [{}];
}

function candidatesFor(
  world: World,
  request: CreateFleetRequest,
  template: FoundTemplate | undefined,
  override: FleetLaunchTemplateOverridesRequest,
  purchase: Purchase,
): readonly Candidate[] {
  const settings: LaunchSettings = {
    InstanceType: override.InstanceType,
    SubnetId: override.SubnetId,
    ImageId: override.ImageId,
    IamInstanceProfile: override.IamInstanceProfile,
    Placement:
      override.AvailabilityZone === undefined
        ? undefined
        : { AvailabilityZone: override.AvailabilityZone },
    InstanceMarketOptions: purchase === 'spot' ? { MarketType: 'spot' } : undefined,
    TagSpecifications: request.TagSpecifications ?? [],
  };
  const base = { template, override, purchase };
  try {
    const specs = resolveLaunchSpecs(world, overlay(template?.version.data ?? {}, settings));
    return specs.map((spec) => {
      const spotTags = tagsFor(request.TagSpecifications ?? [], 'spot-instances-request');
      return { ...base, spec: { ...spec, purchase, spotRequestTags: spotTags }, refusal: null };
    });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return [{ ...base, spec: null, refusal: fleetRefusal(error, override) }];
  }
}

/** A fleet says the same of a type that it does not know as of one that a zone does not have. */
function fleetRefusal(error: AwsError, override: FleetLaunchTemplateOverridesRequest): AwsError {
  const type = override.InstanceType;
  if (type === undefined || findInstanceType(type) !== undefined) return error;
  return new AwsError(
    'InvalidFleetConfiguration',
    `Your requested instance type (${type}) is not supported in your requested Availability Zone ` +
      `(${override.AvailabilityZone ?? override.SubnetId ?? 'any'}).`,
  );
}

function fulfil(
  world: World,
  request: CreateFleetRequest,
  fleetId: string,
  candidates: readonly Candidate[],
  purchases: readonly Purchase[],
): { Errors: CreateFleetError[]; Instances: CreateFleetInstance[] } {
  const specs = candidates.flatMap(({ spec }) => spec ?? []);
  const isOut = world.faults.outOfCapacity(specs);
  const outOfCapacity = new Set(specs.filter((_, index) => isOut[index] === true));
  const errors = new Map<Candidate, AwsError>();
  for (const candidate of candidates) {
    const refusal = refusalOf(world, candidate, outOfCapacity);
    if (refusal !== null) errors.set(candidate, refusal);
  }
  const usable = rank(
    world,
    request,
    candidates.filter((candidate) => !errors.has(candidate)),
  );
  const reservationId = newId('r');
  const instances = purchases.flatMap((purchase, launchIndex) => {
    const candidate = usable.find((one) => one.purchase === purchase);
    if (!candidate?.spec) return [];
    const { spec, template } = candidate;
    const tags = { ...templateTags(template), 'aws:ec2:fleet-id': fleetId, ...spec.tags };
    const clientToken = `${fleetId}-${launchIndex}`;
    const launched = launch(
      world,
      { ...spec, tags },
      { reservationId, launchIndex, clientToken, fleetId },
    );
    return [viewLaunched(candidate, spec, launched.instanceId)];
  });
  return {
    Errors: [...errors].map(([candidate, error]) => viewError(candidate, error)),
    Instances: instances,
  };
}

function refusalOf(
  world: World,
  { spec, refusal, override }: Candidate,
  outOfCapacity: ReadonlySet<LaunchSpec>,
): AwsError | null {
  if (spec === null) return refusal;
  if (outOfCapacity.has(spec)) return capacityError(spec);
  try {
    checkMaxPrice(world, spec, override.MaxPrice);
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  return null;
}

/** The pools in the order of the allocation strategy; every pool here is equally deep, so price decides. */
function rank(
  world: World,
  request: CreateFleetRequest,
  candidates: readonly Candidate[],
): readonly Candidate[] {
  const price = ({ spec, purchase }: Candidate): number => {
    if (spec === null) return Infinity;
    return purchase === 'spot'
      ? spotPricePerHourUsd(spec.instanceType, spec.zone, +world.now())
      : (findInstanceType(spec.instanceType)?.onDemandPricePerHourUsd ?? Infinity);
  };
  const isPrioritized = (purchase: Purchase): boolean =>
    purchase === 'spot'
      ? request.SpotOptions?.AllocationStrategy === 'capacity-optimized-prioritized'
      : request.OnDemandOptions?.AllocationStrategy === 'prioritized';
  const priority = ({ override, purchase }: Candidate): number =>
    isPrioritized(purchase) ? (override.Priority ?? Infinity) : 0;
  return [...candidates].sort((one, other) => {
    const [first, second] = [priority(one), priority(other)];
    return first === second ? price(one) - price(other) : first - second;
  });
}

function viewLaunched(
  candidate: Candidate,
  spec: LaunchSpec,
  instanceId: string,
): CreateFleetInstance {
  return {
    LaunchTemplateAndOverrides: viewPool(candidate),
    Lifecycle: candidate.purchase,
    InstanceIds: [instanceId],
    InstanceType: spec.instanceType as CreateFleetInstance['InstanceType'],
    AvailabilityZone: spec.zone,
    SubnetId: spec.subnetId,
  };
}

function viewError(candidate: Candidate, error: AwsError): CreateFleetError {
  return {
    LaunchTemplateAndOverrides: viewPool(candidate),
    Lifecycle: candidate.purchase,
    ErrorCode: error.code,
    ErrorMessage: error.message,
  };
}

function viewPool({ template, override, spec }: Candidate): LaunchTemplateAndOverridesResponse {
  return {
    LaunchTemplateSpecification: {
      LaunchTemplateId: template?.template.templateId,
      Version: template === undefined ? undefined : String(template.version.number),
    },
    Overrides: {
      InstanceType: override.InstanceType,
      SubnetId: override.SubnetId,
      AvailabilityZone: override.AvailabilityZone ?? spec?.zone,
      MaxPrice: override.MaxPrice,
      Priority: override.Priority,
    },
  };
}
