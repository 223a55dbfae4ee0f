import { CreateFleetCommand, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { Failure } from '../domain/failure';
import type { CapacityPool, PurchaseOption } from '../domain/instance';
import type { Instant } from '../domain/instant';
import { isAmbiguous, readAwsError } from './aws-error';
import type { Cloud } from './connect-cloud';
import { findByAttempt, isLive } from './find-instances';
import { type InstanceView, readInstance } from './instance-view';
import { type LaunchError, judgeLaunchErrors } from './launch-errors';
import { fleetRequest, type LaunchPlan, runInstancesRequest } from './launch-requests';
import { launchLimits } from './limits';
import { placePools, type PlacedPool } from './placement';
import { terminateInstances } from './terminate';
import { wait } from './wait';

export interface LaunchRequest {
  readonly runId: string;
  readonly attemptNumber: number;
  /** @see LaunchPlan.requestKey */
  readonly requestKey: string;
  readonly instanceTypes: readonly string[];
  /** Empty: every zone with a subnet. */
  readonly zones: readonly string[];
  readonly purchase: PurchaseOption;
  /** Null: EC2's own limit, the On-Demand price. */
  readonly spotMaxPriceUsdPerHour: number | null;
  readonly avoidPools: readonly CapacityPool[];
  /** 2: a container reaches the metadata service too. */
  readonly metadataHopLimit: 1 | 2;
  /** Since this launch was first tried, in milliseconds. */
  readonly ageMs: number;
}

interface AcceptedInstance extends CapacityPool {
  readonly instanceId: string;
  readonly purchase: PurchaseOption;
  readonly launchedAt: Instant;
}

export type LaunchOutcome =
  | { readonly kind: 'launched'; readonly instance: AcceptedInstance }
  | {
      readonly kind: 'capacity-shortage';
      readonly isQuota: boolean;
      readonly pools: readonly CapacityPool[];
      readonly message: string;
    };

type LaunchTry =
  | LaunchOutcome
  | { readonly kind: 'burnt-token' }
  | { readonly kind: 'unclear'; readonly failure: Failure };

/**
 * Launches one instance for an attempt and returns once EC2 has accepted it; does not wait for boot.
 *
 * Idempotent: an instance of an earlier try, whose answer was lost, is found by its tags and returned. There is never
 * more than one for an attempt; should there be, the oldest stays and the others are terminated.
 *
 * @throws unknown-instance-type, launch-refused, not-authorized, no-credentials  Repeating cannot help.
 * @throws aws-unavailable  To be repeated with the same request.
 */
export async function launchForAttempt(
  cloud: Cloud,
  request: LaunchRequest,
  signal?: AbortSignal,
): Promise<LaunchOutcome> {
  const earlier = await findByAttempt(cloud.clients, request.runId, request.attemptNumber);
  const adopted = await adopt(cloud, earlier, signal);
  if (adopted !== null) return adopted;

  const pools = await placePools(cloud.placement, request);
  const { runId, attemptNumber, requestKey, purchase, spotMaxPriceUsdPerHour } = request;
  const templateName = await cloud.launchTemplate(request.metadataHopLimit);
  const asked = { runId, attemptNumber, requestKey, purchase, spotMaxPriceUsdPerHour };
  const plan = { ...asked, pools, templateName };
  for (let burnt = 0; burnt < launchLimits.maxBurntTokens; burnt += 1) {
    signal?.throwIfAborted();
    // Each instance of this attempt that ended has used up a token.
    const generation = earlier.length + burnt;
    const result = await tryLaunch(cloud, { ...plan, generation }, request.ageMs, signal);
    if (result.kind === 'launched' || result.kind === 'capacity-shortage') return result;
    const found = await lookForLaunched(cloud, request, signal);
    if (found !== null) return found;
    if (result.kind === 'unclear') throw result.failure;
  }
  throw new Failure('aws-unavailable', 'EC2 calls every client token of this launch used up.');
}

async function tryLaunch(
  cloud: Cloud,
  plan: LaunchPlan,
  ageMs: number,
  signal: AbortSignal | undefined,
): Promise<LaunchTry> {
  const onlyPool = plan.pools.length === 1 ? plan.pools[0] : undefined;
  try {
    return onlyPool === undefined
      ? await createFleet(cloud, plan, ageMs, signal)
      : await runInstances(cloud, plan, onlyPool, signal);
  } catch (error) {
    const read = readAwsError(error);
    if (read === null) throw error;
    // No answer, or an error of EC2's own: the instance may be there all the same.
    if (isAmbiguous(read)) return { kind: 'unclear', failure: unclear(error) };
    const pool = onlyPool ?? null;
    const judgement = judgeLaunchErrors([{ code: read.code, message: read.message, pool }], ageMs);
    if (judgement.kind !== 'failure') return judgement;
    throw judgement.failure;
  }
}

async function runInstances(
  cloud: Cloud,
  plan: LaunchPlan,
  pool: PlacedPool,
  signal: AbortSignal | undefined,
): Promise<LaunchTry> {
  const reply = await cloud.clients.ec2Launch.send(
    new RunInstancesCommand(runInstancesRequest(plan, pool)),
    signal === undefined ? {} : { abortSignal: signal },
  );
  const first = reply.Instances?.[0];
  const view = first === undefined ? null : readInstance(first);
  return view === null ? nothingSaid() : { kind: 'launched', instance: accepted(view) };
}

async function createFleet(
  cloud: Cloud,
  plan: LaunchPlan,
  ageMs: number,
  signal: AbortSignal | undefined,
): Promise<LaunchTry> {
  const reply = await cloud.clients.ec2Launch.send(
    new CreateFleetCommand(fleetRequest(plan)),
    signal === undefined ? {} : { abortSignal: signal },
  );
  const launched = reply.Instances?.find((set) => (set.InstanceIds ?? []).length > 0);
  const instanceId = launched?.InstanceIds?.[0];
  const overrides = launched?.LaunchTemplateAndOverrides?.Overrides;
  if (instanceId !== undefined) {
    const pool = plan.pools.find(
      (known) =>
        known.subnetId === overrides?.SubnetId && known.instanceType === launched?.InstanceType,
    );
    return {
      kind: 'launched',
      instance: {
        instanceId,
        instanceType: launched?.InstanceType ?? pool?.instanceType ?? '',
        zone: overrides?.AvailabilityZone ?? pool?.zone ?? '',
        purchase: launched?.Lifecycle === 'spot' ? 'spot' : 'on-demand',
        launchedAt: new Date().toISOString(),
      },
    };
  }
  const errors = (reply.Errors ?? []).map((error): LaunchError => {
    const failed = error.LaunchTemplateAndOverrides?.Overrides;
    return {
      code: error.ErrorCode ?? '',
      message: error.ErrorMessage ?? '',
      pool:
        plan.pools.find(
          (known) =>
            known.subnetId === failed?.SubnetId && known.instanceType === failed.InstanceType,
        ) ?? null,
    };
  });
  // A replayed token may be answered without the instance that it launched.
  if (errors.length === 0) return nothingSaid();
  const judgement = judgeLaunchErrors(errors, ageMs);
  if (judgement.kind === 'failure') throw judgement.failure;
  return judgement;
}

/** Looks for a launch that may have taken effect; a few times, since tags are eventually consistent. */
async function lookForLaunched(
  cloud: Cloud,
  request: LaunchRequest,
  signal: AbortSignal | undefined,
): Promise<LaunchOutcome | null> {
  for (let look = 0; look < launchLimits.lookUpTries; look += 1) {
    if (look > 0) await wait(launchLimits.lookUpDelayMs, signal);
    const found = await findByAttempt(cloud.clients, request.runId, request.attemptNumber);
    const adopted = await adopt(cloud, found, signal);
    if (adopted !== null) return adopted;
  }
  return null;
}

async function adopt(
  cloud: Cloud,
  found: readonly InstanceView[],
  signal: AbortSignal | undefined,
): Promise<LaunchOutcome | null> {
  const [oldest, ...others] = found.filter(isLive);
  if (oldest === undefined) return null;
  await terminateInstances(cloud, others, signal);
  return { kind: 'launched', instance: accepted(oldest) };
}

function accepted(view: InstanceView): AcceptedInstance {
  const { instanceId, instanceType, zone, purchase, launchedAt } = view;
  return { instanceId, instanceType, zone, purchase, launchedAt };
}

const unclear = (error: unknown): Failure =>
  new Failure('aws-unavailable', 'EC2 did not say whether it launched.', { cause: error });

const nothingSaid = (): LaunchTry => ({
  kind: 'unclear',
  failure: new Failure('aws-unavailable', 'EC2 accepted the launch but named no instance.'),
});
