import { createHash } from 'node:crypto';
import { RunInstancesCommand, type RunInstancesCommandInput } from '@aws-sdk/client-ec2';
import { Failure } from '../domain/failure';
import { appTagValue, ownInstanceTagValue, tagKeys } from '../domain/ids';
import type { PurchaseOption } from '../domain/instance';
import { isAmbiguous, readAwsError } from './aws-error';
import type { Cloud } from './connect-cloud';
import { type InstanceView, readInstance } from './instance-view';
import { type LaunchError, judgeLaunchErrors } from './launch-errors';
import { onePoolRequest } from './launch-requests';
import { launchLimits } from './limits';
import { placePools, type PlacedPool } from './placement';
import { wait } from './wait';

interface OwnInstanceRequest {
  readonly instanceType: string;
  /** Empty: every zone with a subnet, in turn. */
  readonly zones: readonly string[];
  readonly purchase: PurchaseOption;
  readonly name: string;
  /** The same again for a repeat of the same request: EC2 then answers with the same instance. */
  readonly token: string;
}

/**
 * Launches an instance of the user's own: no run's tag, so that no run and no reaper ends it. Goes from zone to zone until
 * one has capacity, and returns once EC2 has accepted it.
 *
 * @throws capacity-shortage, quota-exceeded, unknown-instance-type, launch-refused, not-authorized
 */
export async function launchOwn(
  cloud: Cloud,
  request: OwnInstanceRequest,
  signal?: AbortSignal,
): Promise<InstanceView> {
  const { instanceType, zones } = request;
  const pools = await placePools(cloud.placement, {
    instanceTypes: [instanceType],
    zones,
    avoidPools: [],
  });
  // Nobody knows yet what will train there. A container that is kept from the metadata service is so by its own network.
  const templateName = await cloud.launchTemplate(2);
  const startedAtMs = Date.now();
  const errors: LaunchError[] = [];
  for (const pool of pools) {
    const reply = await launchIn(cloud, { ...request, templateName, startedAtMs }, pool, signal);
    if ('instanceId' in reply) return reply;
    errors.push(reply);
  }
  const judgement = judgeLaunchErrors(errors, Date.now() - startedAtMs);
  if (judgement.kind !== 'capacity-shortage') {
    throw new Failure('aws-unavailable', 'EC2 calls the client token of this launch used up.');
  }
  throw new Failure(
    judgement.isQuota ? 'quota-exceeded' : 'capacity-shortage',
    judgement.message,
    judgement.isQuota ? {} : { next: 'Try another type, zone or, for Spot, On-Demand; or later.' },
  );
}

interface OwnLaunch extends OwnInstanceRequest {
  readonly templateName: string;
  readonly startedAtMs: number;
}

/** One pool. A call that may have taken effect is repeated with the same token, so that it is never doubled. */
async function launchIn(
  cloud: Cloud,
  launch: OwnLaunch,
  pool: PlacedPool,
  signal: AbortSignal | undefined,
): Promise<InstanceView | LaunchError> {
  const command = new RunInstancesCommand(requestFor(launch, pool));
  let lastError: unknown;
  for (let attempt = 0; attempt < launchLimits.ownLaunchTries; attempt += 1) {
    if (attempt > 0) await wait(launchLimits.lookUpDelayMs * 2 ** attempt, signal);
    try {
      const reply = await cloud.clients.ec2Launch.send(
        command,
        signal === undefined ? {} : { abortSignal: signal },
      );
      const view = reply.Instances?.[0] === undefined ? null : readInstance(reply.Instances[0]);
      if (view !== null) return view;
    } catch (error) {
      const read = readAwsError(error);
      if (read === null) throw error;
      const refused: LaunchError = { code: read.code, message: read.message, pool };
      if (!isAmbiguous(read) && !isPassing(refused, launch)) return refused;
      lastError = error;
    }
  }
  throw new Failure('aws-unavailable', 'EC2 did not say whether it launched.', {
    why: `An instance named ${launch.name} may be there.`,
    next: `Look before you repeat it: aws ec2 describe-instances --filters Name=tag:Name,Values=${launch.name}`,
    cause: lastError,
  });
}

function requestFor(launch: OwnLaunch, pool: PlacedPool): RunInstancesCommandInput {
  const { purchase, name, token, templateName } = launch;
  const clientToken = createHash('sha256').update(`${token} ${pool.subnetId}`).digest('hex');
  const tags = [
    { Key: tagKeys.app, Value: appTagValue },
    { Key: tagKeys.owner, Value: ownInstanceTagValue },
    { Key: 'Name', Value: name },
  ];
  return {
    ...onePoolRequest(
      { purchase, spotMaxPriceUsdPerHour: null, templateName, clientToken, tags },
      pool,
    ),
    // The template's `terminate` is what a run's lease relies on; a person who shuts down wants the disk to stay.
    ...(purchase === 'spot' ? {} : { InstanceInitiatedShutdownBehavior: 'stop' }),
  };
}

/** Throttled, or something made a moment ago is not known everywhere yet. @throws what repeating cannot change */
function isPassing(error: LaunchError, { startedAtMs }: OwnLaunch): boolean {
  const judgement = judgeLaunchErrors([error], Date.now() - startedAtMs);
  if (judgement.kind !== 'failure') return false;
  if (judgement.failure.code === 'aws-unavailable') return true;
  throw judgement.failure;
}
