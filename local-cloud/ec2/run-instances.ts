import type { Reservation, RunInstancesRequest } from '@aws-sdk/client-ec2';
import { AwsError } from '../wire/aws-error';
import { newId } from '../world/ids';
import type { InstanceRecord, LaunchSpec } from '../world/records';
import type { World } from '../world/world';
import type { Ec2Context } from './context';
import { checkDryRun } from './dry-run';
import { viewReservation } from './instance-view';
import { capacityError, checkMaxPrice, launch } from './launch';
import { overlay, resolveLaunchSpecs } from './launch-settings';
import { findTemplateVersion, templateTags } from './template-lookup';
import { checkToken, fingerprint, tokenKey } from './launch-tokens';

// Real accounts have quotas by vCPU; this many processes are what one machine can be asked to start at once.
const COUNT_LIMIT = 20;

/**
 * RunInstances: one type in one zone, all or at least `MinCount` of them.
 *
 * Idempotent for its ClientToken within the zone named by the request, or within the region when it names none.
 */
export function runInstances({ world }: Ec2Context, request: RunInstancesRequest): Reservation {
  const template = findTemplateVersion(world, request.LaunchTemplate);
  const settings = overlay(template?.version.data ?? {}, request);
  const specs = resolveLaunchSpecs(world, settings);
  const count = readCount(request);
  checkDryRun(request.DryRun);

  const token = request.ClientToken ?? '';
  const scope = specs.length === 1 ? (specs[0]?.zone ?? '') : world.region;
  const key = tokenKey('RunInstances', scope, token);
  const known = token === '' ? undefined : checkToken(world, key, fingerprint(request));
  if (known !== undefined) return replay(world, known.instanceIds);

  const spec = pickPool(world, specs);
  checkMaxPrice(world, spec, settings.InstanceMarketOptions?.SpotOptions?.MaxPrice);
  const reservationId = newId('r');
  const tags = { ...templateTags(template), ...spec.tags };
  const launched = Array.from({ length: count }, (_, launchIndex) =>
    launch(
      world,
      { ...spec, tags },
      { reservationId, launchIndex, clientToken: token, fleetId: null },
    ),
  );
  if (token !== '') {
    world.launchTokens.put(key, {
      key,
      usedAt: world.now().toISOString(),
      fingerprint: fingerprint(request),
      reservationId,
      instanceIds: launched.map(({ instanceId }) => instanceId),
    });
  }
  return viewReservation(world, launched);
}

function readCount({ MinCount, MaxCount }: RunInstancesRequest): number {
  if (MinCount === undefined || MaxCount === undefined) {
    throw new AwsError('MissingParameter', 'The request must contain MinCount and MaxCount');
  }
  if (MinCount < 1 || MaxCount < MinCount) {
    throw new AwsError(
      'InvalidParameterValue',
      `Value (${MinCount}) for parameter minCount is invalid. It must be from 1 to maxCount.`,
    );
  }
  if (MinCount > COUNT_LIMIT) {
    throw new AwsError(
      'InstanceLimitExceeded',
      `You have requested more instances (${MinCount}) than this local cloud allows at once (${COUNT_LIMIT}).`,
    );
  }
  return Math.min(MaxCount, COUNT_LIMIT);
}

function pickPool(world: World, specs: readonly LaunchSpec[]): LaunchSpec {
  const isOut = world.faults.outOfCapacity(specs);
  const [first] = specs;
  const spec = specs.find((_, index) => isOut[index] === false);
  if (spec !== undefined) return spec;
  if (first === undefined) throw new Error('A launch without any pool.');
  throw capacityError(first);
}

function replay(world: World, instanceIds: readonly string[]): Reservation {
  const instances = instanceIds
    .map((id) => world.instances.get(id))
    .filter((instance): instance is InstanceRecord => instance !== undefined);
  return viewReservation(world, instances);
}
