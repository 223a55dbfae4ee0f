import type {
  DeleteParameterRequest,
  DeleteParameterResult,
  DeleteParametersRequest,
  DeleteParametersResult,
} from '@aws-sdk/client-ssm';
import { AwsError } from '../wire/aws-error';
import type { World } from '../world/world';
import type { SsmContext } from './context';
import { parameterKey } from './parameter-names';
import { checkCount } from './parameters';

/** @throws AwsError ParameterNotFound. */
export function deleteParameter(
  { world }: SsmContext,
  { Name: name = '' }: DeleteParameterRequest,
): DeleteParameterResult {
  if (!remove(world, name)) throw new AwsError('ParameterNotFound', '');
  return {};
}

/** @throws AwsError ValidationException. */
export function deleteParameters(
  { world }: SsmContext,
  { Names: names = [] }: DeleteParametersRequest,
): DeleteParametersResult {
  checkCount(names);
  const removed = names.map((name) => ({ name, isRemoved: remove(world, name) }));
  return {
    DeletedParameters: removed.flatMap(({ name, isRemoved }) => (isRemoved ? [name] : [])),
    InvalidParameters: removed.flatMap(({ name, isRemoved }) => (isRemoved ? [] : [name])),
  };
}

function remove(world: World, name: string): boolean {
  const key = parameterKey(name);
  if (world.parameters.get(key) === undefined) return false;
  world.parameters.remove(key);
  return true;
}
