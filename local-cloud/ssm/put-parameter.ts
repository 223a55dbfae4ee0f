import type { PutParameterRequest, PutParameterResult } from '@aws-sdk/client-ssm';
import { AwsError } from '../wire/aws-error';
import type { ParameterRecord, ParameterVersion } from '../world/records';
import { seal } from '../world/seal';
import type { World } from '../world/world';
import type { SsmContext } from './context';
import { checkNewName, invalid, parameterKey } from './parameter-names';

const STANDARD_CHARACTERS = 4096;
const ADVANCED_CHARACTERS = 8192;
const KEPT_VERSIONS = 100;

/**
 * Makes a parameter, or a new version of one.
 *
 * @throws AwsError ValidationException, ParameterAlreadyExists, HierarchyTypeMismatchException,
 *   ParameterPatternMismatchException, UnsupportedParameterType.
 */
export function putParameter(
  { world }: SsmContext,
  input: PutParameterRequest,
): PutParameterResult {
  const { Name: name = '', Overwrite: mayOverwrite = false } = input;
  checkNewName(name);
  const key = parameterKey(name);
  const before = world.parameters.get(key);
  if (before !== undefined && !mayOverwrite) {
    throw new AwsError(
      'ParameterAlreadyExists',
      'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
    );
  }
  if (before !== undefined && (input.Tags ?? []).length > 0) {
    throw invalid(
      "Invalid request: tags and overwrite can't be used together. To create a parameter with tags, please remove overwrite flag. To update tags for an existing parameter, please use AddTagsToResource or RemoveTagsFromResource.",
    );
  }
  const type = readType(input.Type, before);
  const version = makeVersion(world, input, type, before);
  const described = { ...before, ...describe(input, before) };
  const versions = [...(before?.versions ?? []), version].slice(-KEPT_VERSIONS);
  world.parameters.put(key, { ...described, name, type, versions });
  return { Version: version.number, Tier: version.tier };
}

type Type = ParameterRecord['type'];

function readType(given: string | undefined, before: ParameterRecord | undefined): Type {
  const type = given ?? before?.type;
  if (type === undefined) {
    throw invalid('A parameter type is required when you create a parameter.');
  }
  if (type !== 'String' && type !== 'StringList' && type !== 'SecureString') {
    throw new AwsError('UnsupportedParameterType', 'The parameter type is not supported.');
  }
  if (before !== undefined && before.type !== type) {
    throw new AwsError(
      'HierarchyTypeMismatchException',
      `Parameter Store doesn't support changing a parameter type in a hierarchy. You can't change ${before.name} from a ${before.type} type to a ${type} type.`,
    );
  }
  return type;
}

function makeVersion(
  world: World,
  input: PutParameterRequest,
  type: Type,
  before: ParameterRecord | undefined,
): ParameterVersion {
  const value = input.Value ?? '';
  const newest = before?.versions.at(-1);
  const tier = readTier(input.Tier, value, newest?.tier ?? 'Standard');
  const pattern = input.AllowedPattern ?? before?.allowedPattern ?? null;
  if (value === '') {
    throw invalid(
      "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1",
    );
  }
  if (pattern !== null && !compile(pattern).test(value)) {
    throw new AwsError(
      'ParameterPatternMismatchException',
      `Parameter value, cannot be validated against allowedPattern: ${pattern}`,
    );
  }
  return {
    number: (newest?.number ?? 0) + 1,
    tier,
    value: type === 'SecureString' ? seal(value, world.settings.root.secretAccessKey) : value,
    modifiedAt: world.now().toISOString(),
    modifiedBy: `arn:aws:iam::${world.settings.accountId}:root`,
  };
}

function compile(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch {
    throw new AwsError('InvalidAllowedPatternException', 'The allowed pattern is not valid.');
  }
}

function readTier(
  given: string | undefined,
  value: string,
  before: ParameterVersion['tier'],
): ParameterVersion['tier'] {
  const isLong = value.length > STANDARD_CHARACTERS;
  const tier = given === 'Intelligent-Tiering' ? (isLong ? 'Advanced' : before) : (given ?? before);
  const limit = tier === 'Advanced' ? ADVANCED_CHARACTERS : STANDARD_CHARACTERS;
  if (value.length > limit) {
    throw invalid(
      `${tier} tier parameters support a maximum parameter value of ${limit} characters.` +
        (tier === 'Advanced'
          ? ''
          : ' To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier.'),
    );
  }
  return tier === 'Advanced' ? 'Advanced' : 'Standard';
}

function describe(
  input: PutParameterRequest,
  before: ParameterRecord | undefined,
): Pick<ParameterRecord, 'description' | 'keyId' | 'allowedPattern' | 'dataType'> {
  const isSecure = (input.Type ?? before?.type) === 'SecureString';
  return {
    description: input.Description ?? before?.description ?? '',
    keyId: isSecure ? (input.KeyId ?? before?.keyId ?? 'alias/aws/ssm') : null,
    allowedPattern: input.AllowedPattern ?? before?.allowedPattern ?? null,
    dataType: input.DataType ?? before?.dataType ?? 'text',
  };
}
