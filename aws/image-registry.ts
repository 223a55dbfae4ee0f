import {
  CreateRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  GetAuthorizationTokenCommand,
} from '@aws-sdk/client-ecr';
import { Failure } from '../domain/failure';
import { appTagValue, tagKeys } from '../domain/ids';
import { hasCode } from './aws-error';
import type { Cloud } from './connect-cloud';

/** Who docker is to the registry, for some hours. Not to be written anywhere that stays. */
export interface RegistryLogin {
  readonly registry: string;
  readonly user: string;
  readonly password: string;
}

/**
 * Finds the repository of images, or makes it: tags stay with their image, since runs name images for months.
 *
 * @returns Its address as docker wants it, `host/name`.
 */
export async function ensureRepository(cloud: Cloud, name: string): Promise<string> {
  const found = await findRepository(cloud, name);
  if (found !== null) return found;
  try {
    await cloud.clients.ecr.send(
      new CreateRepositoryCommand({
        repositoryName: name,
        imageTagMutability: 'IMMUTABLE',
        tags: [{ Key: tagKeys.app, Value: appTagValue }],
      }),
    );
  } catch (error) {
    // Somebody else was faster.
    if (!hasCode(error, 'RepositoryAlreadyExistsException')) throw error;
  }
  const made = await findRepository(cloud, name);
  if (made === null) throw new Failure('aws-unavailable', `ECR does not show ${name} yet.`);
  return made;
}

async function findRepository(cloud: Cloud, name: string): Promise<string | null> {
  try {
    const reply = await cloud.clients.ecr.send(
      new DescribeRepositoriesCommand({ repositoryNames: [name] }),
    );
    return reply.repositories?.[0]?.repositoryUri ?? null;
  } catch (error) {
    if (hasCode(error, 'RepositoryNotFoundException')) return null;
    throw error;
  }
}

/** The digest of what the tag names; null when nothing was pushed under it. */
export async function findImageDigest(
  cloud: Cloud,
  repository: string,
  tag: string,
): Promise<string | null> {
  try {
    const reply = await cloud.clients.ecr.send(
      new DescribeImagesCommand({ repositoryName: repository, imageIds: [{ imageTag: tag }] }),
    );
    return reply.imageDetails?.[0]?.imageDigest ?? null;
  } catch (error) {
    if (hasCode(error, 'ImageNotFoundException')) return null;
    throw error;
  }
}

/** Gets a password for the registry. @see https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html */
export async function logInToRegistry(cloud: Cloud): Promise<RegistryLogin> {
  const reply = await cloud.clients.ecr.send(new GetAuthorizationTokenCommand({}));
  const { authorizationToken: token, proxyEndpoint: endpoint } = reply.authorizationData?.[0] ?? {};
  if (token === undefined || endpoint === undefined) {
    throw new Failure('aws-unavailable', 'ECR gave no password for its registry.');
  }
  const [user = '', password = ''] = Buffer.from(token, 'base64').toString('utf8').split(':');
  return { registry: new URL(endpoint).host, user, password };
}
