import type {
  GetParameterRequest,
  GetParameterResult,
  GetParametersRequest,
  GetParametersResult,
  Parameter,
} from '@aws-sdk/client-ssm';
import { findImageByParameter } from '../ec2/images';
import { AwsError } from '../wire/aws-error';
import type { ParameterRecord, ParameterVersion } from '../world/records';
import { unseal } from '../world/seal';
import type { World } from '../world/world';
import type { SsmContext } from './context';
import { invalid, parameterKey, readSelector, type ParameterSelector } from './parameter-names';

const MAX_NAMES = 10;

/** @throws AwsError ParameterNotFound, ParameterVersionNotFound. */
export function getParameter(
  { world }: SsmContext,
  { Name: given = '', WithDecryption: isDecrypted = false }: GetParameterRequest,
): GetParameterResult {
  const selector = readSelector(given);
  const found = find(world, selector, isDecrypted);
  if (found !== undefined) return { Parameter: found };
  if (selector.version !== null && world.parameters.get(parameterKey(selector.name))) {
    throw new AwsError(
      'ParameterVersionNotFound',
      `Systems Manager could not find version ${selector.version} of ${selector.name}. Verify the version and try again.`,
    );
  }
  throw new AwsError('ParameterNotFound', '');
}

/** @throws AwsError ValidationException. */
export function getParameters(
  { world }: SsmContext,
  { Names: names = [], WithDecryption: isDecrypted = false }: GetParametersRequest,
): GetParametersResult {
  checkCount(names);
  const found = names.map((name) => ({
    name,
    value: find(world, readSelector(name), isDecrypted),
  }));
  return {
    Parameters: found.flatMap(({ value }) => value ?? []),
    InvalidParameters: found.flatMap(({ name, value }) => (value ? [] : [name])),
  };
}

/** @throws AwsError ValidationException. */
export function checkCount(names: readonly string[]): void {
  if (names.length === 0 || names.length > MAX_NAMES) {
    throw invalid(
      `1 validation error detected: Value at 'names' failed to satisfy constraint: Member must have length ` +
        (names.length === 0 ? 'greater than or equal to 1' : `less than or equal to ${MAX_NAMES}`),
    );
  }
}

/** One version of a parameter as the API shows it; a SecureString stays sealed unless it is to be decrypted. */
export function viewParameter(
  world: World,
  record: ParameterRecord,
  version: ParameterVersion,
  isDecrypted: boolean,
): Parameter {
  const isOpened = record.type === 'SecureString' && isDecrypted;
  return {
    Name: record.name,
    Type: record.type,
    Value: isOpened ? unseal(version.value, world.settings.root.secretAccessKey) : version.value,
    Version: version.number,
    LastModifiedDate: new Date(version.modifiedAt),
    ARN: parameterArn(world, record.name),
    DataType: record.dataType,
  };
}

export const parameterArn = (world: World, name: string): string =>
  `arn:aws:ssm:${world.region}:${world.settings.accountId}:parameter/${name.replace(/^\//, '')}`;

function find(
  world: World,
  selector: ParameterSelector,
  isDecrypted: boolean,
): Parameter | undefined {
  const record = world.parameters.get(parameterKey(selector.name));
  if (record === undefined)
    return selector.text === '' ? findPublic(world, selector.name) : undefined;
  const version =
    selector.version === null
      ? record.versions.at(-1)
      : record.versions.find(({ number }) => number === selector.version);
  if (version === undefined) return undefined;
  const view = viewParameter(world, record, version, isDecrypted);
  return selector.text === '' ? view : { ...view, Selector: selector.text };
}

/** AWS's own parameters that name AMIs. */
function findPublic(world: World, name: string): Parameter | undefined {
  const image = findImageByParameter(name);
  if (image === undefined) return undefined;
  return {
    Name: name,
    Type: 'String',
    Value: image.imageId,
    Version: 1,
    LastModifiedDate: new Date(image.createdAt),
    ARN: `arn:aws:ssm:${world.region}::parameter${name}`,
    DataType: 'aws:ec2:image',
  };
}
