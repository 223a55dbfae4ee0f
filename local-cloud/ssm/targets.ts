import type { Target } from '@aws-sdk/client-ssm';
import { AwsError } from '../wire/aws-error';
import type { InstanceRecord } from '../world/records';
import { isRegistered, type SsmContext } from './context';

/**
 * The registered instances that all targets name, by id or by tag. Systems Manager looks for them a moment after its
 * answer; here they are looked for before.
 *
 * @throws AwsError ValidationException
 * @see https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_Target.html
 */
export function findTargets({ world }: SsmContext, targets: readonly Target[]): string[] {
  const tests = targets.map(toTest);
  return world.instances
    .all()
    .filter((instance) => isRegistered(instance, world.now()))
    .filter((instance) => tests.every((isMeant) => isMeant(instance)))
    .map(({ instanceId }) => instanceId);
}

function toTest({ Key: key = '', Values: values = [] }: Target): (one: InstanceRecord) => boolean {
  if (key.toLowerCase() === 'instanceids') return ({ instanceId }) => values.includes(instanceId);
  if (key === 'tag-key') return ({ tags }) => values.some((name) => Object.hasOwn(tags, name));
  const [kind, ...rest] = key.split(':');
  const name = rest.join(':');
  if (kind === 'tag' && name !== '') return ({ tags }) => values.includes(tags[name] ?? '');
  throw new AwsError(
    'ValidationException',
    `The target key ${key} is not one of this local cloud.`,
  );
}
