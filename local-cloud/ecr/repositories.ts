import type {
  CreateRepositoryRequest,
  CreateRepositoryResponse,
  DeleteRepositoryRequest,
  DeleteRepositoryResponse,
  DescribeRepositoriesRequest,
  DescribeRepositoriesResponse,
  Repository,
} from '@aws-sdk/client-ecr';
import { AwsError } from '../wire/aws-error';
import type { EcrContext } from './context';
import type { RepositoryRecord } from './store';

// https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
const NAME = /^(?:[a-z0-9]+(?:[._-][a-z0-9]+)*\/)*[a-z0-9]+(?:[._-][a-z0-9]+)*$/;

/** CreateRepository. @throws AwsError RepositoryAlreadyExistsException, InvalidParameterException. */
export function createRepository(
  context: EcrContext,
  { repositoryName: name = '', imageTagMutability }: CreateRepositoryRequest,
): CreateRepositoryResponse {
  const { images, world } = context;
  if (name.length < 2 || name.length > 256 || !NAME.test(name)) {
    throw new AwsError(
      'InvalidParameterException',
      `Invalid parameter at 'repositoryName' failed to satisfy constraint: 'must satisfy regular expression '${NAME.source}''`,
    );
  }
  if (images.find(name) !== undefined) {
    throw new AwsError(
      'RepositoryAlreadyExistsException',
      `The repository with name '${name}' already exists in the registry with id '${world.settings.accountId}'`,
    );
  }
  const record: RepositoryRecord = {
    name,
    createdAt: world.now().toISOString(),
    isImmutable: imageTagMutability === 'IMMUTABLE',
    tags: {},
    manifests: {},
  };
  images.put(record);
  return { repository: view(context, record) };
}

/** DescribeRepositories, on one page. @throws AwsError RepositoryNotFoundException. */
export function describeRepositories(
  context: EcrContext,
  { repositoryNames: names }: DescribeRepositoriesRequest,
): DescribeRepositoriesResponse {
  const records =
    names === undefined
      ? context.images.repositories.all()
      : names.map((name) => findRepository(context, name));
  return { repositories: records.map((record) => view(context, record)) };
}

/** DeleteRepository. @throws AwsError RepositoryNotFoundException, RepositoryNotEmptyException. */
export function deleteRepository(
  context: EcrContext,
  { repositoryName: name = '', force }: DeleteRepositoryRequest,
): DeleteRepositoryResponse {
  const record = findRepository(context, name);
  if (force !== true && Object.keys(record.manifests).length > 0) {
    throw new AwsError(
      'RepositoryNotEmptyException',
      `The repository with name '${name}' in registry with id '${context.world.settings.accountId}' cannot be deleted because it still contains images`,
    );
  }
  context.images.remove(name);
  return { repository: view(context, record) };
}

/** @throws AwsError RepositoryNotFoundException. */
export function findRepository({ images, world }: EcrContext, name: string): RepositoryRecord {
  const record = images.find(name);
  if (record !== undefined) return record;
  throw new AwsError(
    'RepositoryNotFoundException',
    `The repository with name '${name}' does not exist in the registry with id '${world.settings.accountId}'`,
  );
}

function view({ world, registryHost }: EcrContext, record: RepositoryRecord): Repository {
  const { accountId } = world.settings;
  return {
    repositoryArn: `arn:aws:ecr:${world.region}:${accountId}:repository/${record.name}`,
    registryId: accountId,
    repositoryName: record.name,
    repositoryUri: `${registryHost}/${record.name}`,
    createdAt: new Date(record.createdAt),
    imageTagMutability: record.isImmutable ? 'IMMUTABLE' : 'MUTABLE',
    imageScanningConfiguration: { scanOnPush: false },
    encryptionConfiguration: { encryptionType: 'AES256' },
  };
}
