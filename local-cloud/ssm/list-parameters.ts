import type {
  DescribeParametersRequest,
  DescribeParametersResult,
  GetParametersByPathRequest,
  GetParametersByPathResult,
  ParameterMetadata,
  ParameterStringFilter,
} from '@aws-sdk/client-ssm';
import { AwsError } from '../wire/aws-error';
import { page } from '../wire/paging';
import type { ParameterRecord } from '../world/records';
import type { World } from '../world/world';
import type { SsmContext } from './context';
import { invalid } from './parameter-names';
import { parameterArn, viewParameter } from './parameters';

const PATH_PAGE_LIMIT = 10;
const DESCRIBE_PAGE_LIMIT = 50;

/** @throws AwsError ValidationException, InvalidNextToken, InvalidFilterKey. */
export function getParametersByPath(
  { world }: SsmContext,
  input: GetParametersByPathRequest,
): GetParametersByPathResult {
  const { Path: path = '', Recursive: isRecursive = false } = input;
  if (!path.startsWith('/')) {
    throw invalid(
      'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/". ' +
        'It can\'t be prefixed with "aws" or "ssm" (case-insensitive).',
    );
  }
  const below = world.parameters
    .all()
    .filter((record) => isBelow(record.name, path, isRecursive) && matches(record, input));
  const { items, nextToken } = page(below, nameOf, {
    token: input.NextToken,
    maxResults: input.MaxResults,
    limit: PATH_PAGE_LIMIT,
    tokenError: 'InvalidNextToken',
  });
  return {
    Parameters: items.flatMap((record) => {
      const newest = record.versions.at(-1);
      return newest ? [viewParameter(world, record, newest, input.WithDecryption ?? false)] : [];
    }),
    NextToken: nextToken,
  };
}

/** @throws AwsError InvalidNextToken, InvalidFilterKey. */
export function describeParameters(
  { world }: SsmContext,
  input: DescribeParametersRequest,
): DescribeParametersResult {
  const chosen = world.parameters.all().filter((record) => matches(record, input));
  const { items, nextToken } = page(chosen, nameOf, {
    token: input.NextToken,
    maxResults: input.MaxResults,
    limit: DESCRIBE_PAGE_LIMIT,
    tokenError: 'InvalidNextToken',
  });
  return { Parameters: items.map((record) => describe(world, record)), NextToken: nextToken };
}

const nameOf = ({ name }: ParameterRecord): string => name;

function isBelow(name: string, path: string, isRecursive: boolean): boolean {
  const prefix = path.endsWith('/') ? path : `${path}/`;
  return name.startsWith(prefix) && (isRecursive || !name.slice(prefix.length).includes('/'));
}

function matches(
  record: ParameterRecord,
  {
    ParameterFilters: filters = [],
  }: { readonly ParameterFilters?: ParameterStringFilter[] | undefined },
): boolean {
  return filters.every((filter) => {
    const values = filter.Values ?? [];
    const option = filter.Option ?? 'Equals';
    switch (filter.Key) {
      case 'Name':
        return values.some((value) => compare(record.name, value, option));
      case 'Type':
        return values.includes(record.type);
      case 'KeyId':
        return record.keyId !== null && values.includes(record.keyId);
      case 'Path':
        return values.some((value) => isBelow(record.name, value, option === 'Recursive'));
      case undefined:
      default:
        throw new AwsError(
          'InvalidFilterKey',
          `The specified key ${filter.Key ?? ''} isn't valid.`,
        );
    }
  });
}

function compare(name: string, value: string, option: string): boolean {
  const bare = (text: string): string => text.replace(/^\//, '');
  if (option === 'Contains') return name.includes(value);
  return option === 'BeginsWith' ? bare(name).startsWith(bare(value)) : bare(name) === bare(value);
}

function describe(world: World, record: ParameterRecord): ParameterMetadata {
  const newest = record.versions.at(-1);
  return {
    Name: record.name,
    ARN: parameterArn(world, record.name),
    Type: record.type,
    KeyId: record.keyId ?? undefined,
    LastModifiedDate: newest ? new Date(newest.modifiedAt) : undefined,
    LastModifiedUser: newest?.modifiedBy,
    Description: record.description === '' ? undefined : record.description,
    AllowedPattern: record.allowedPattern ?? undefined,
    Version: newest?.number,
    Tier: newest?.tier,
    Policies: [],
    DataType: record.dataType,
  };
}
