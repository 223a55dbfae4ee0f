import type {
  GetParameterRequest,
  GetParameterResult,
  GetParametersRequest,
  GetParametersResult,
  Parameter,
} from '@aws-sdk/client-ssm';
import { findImageByParameter } from '../ec2/images';
import { AwsError } from '../wire/aws-error';
import type { SsmContext } from './context';

/** GetParameter, of the public parameters that name AMIs. @throws AwsError ParameterNotFound. */
export function getParameter(
  { world }: SsmContext,
  { Name: name = '' }: GetParameterRequest,
): GetParameterResult {
  const parameter = find(world.region, name);
  if (parameter === undefined) throw new AwsError('ParameterNotFound', '');
  return { Parameter: parameter };
}

export function getParameters(
  { world }: SsmContext,
  { Names: names = [] }: GetParametersRequest,
): GetParametersResult {
  const found = names.map((name) => ({ name, parameter: find(world.region, name) }));
  return {
    Parameters: found.flatMap(({ parameter }) => parameter ?? []),
    InvalidParameters: found.flatMap(({ name, parameter }) => (parameter ? [] : [name])),
  };
}

function find(region: string, name: string): Parameter | undefined {
  const image = findImageByParameter(name);
  if (image === undefined) return undefined;
  return {
    Name: name,
    Type: 'String',
    Value: image.imageId,
    Version: 1,
    LastModifiedDate: new Date(image.createdAt),
    ARN: `arn:aws:ssm:${region}::parameter${name}`,
    DataType: 'aws:ec2:image',
  };
}
