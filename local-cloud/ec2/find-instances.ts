import { AwsError } from '../wire/aws-error';
import type { InstanceRecord } from '../world/records';
import type { World } from '../world/world';

/**
 * Finds instances by id; one bad id fails the whole call, as with EC2.
 *
 * @throws AwsError InvalidInstanceID.Malformed, InvalidInstanceID.NotFound.
 */
export function findInstances(
  world: World,
  instanceIds: readonly string[],
): readonly InstanceRecord[] {
  const malformed = instanceIds.find((id) => !/^i-[0-9a-f]{8}([0-9a-f]{9})?$/.test(id));
  if (malformed !== undefined) {
    throw new AwsError(
      'InvalidInstanceID.Malformed',
      `Invalid id: "${malformed}" (expecting "i-...")`,
    );
  }
  const unknown = instanceIds.filter((id) => world.instances.get(id) === undefined);
  if (unknown.length > 0) {
    throw new AwsError(
      'InvalidInstanceID.NotFound',
      unknown.length === 1
        ? `The instance ID '${unknown.join('')}' does not exist`
        : `The instance IDs '${unknown.join(', ')}' do not exist`,
    );
  }
  return instanceIds.flatMap((id) => world.instances.get(id) ?? []);
}
