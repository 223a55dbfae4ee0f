import type {
  BatchDeleteImageRequest,
  BatchDeleteImageResponse,
  DescribeImagesRequest,
  DescribeImagesResponse,
  ImageDetail,
  ImageFailure,
  ImageIdentifier,
} from '@aws-sdk/client-ecr';
import { AwsError } from '../wire/aws-error';
import type { EcrContext } from './context';
import { findRepository } from './repositories';
import type { RepositoryRecord } from './store';

/** DescribeImages, on one page. @throws AwsError RepositoryNotFoundException, ImageNotFoundException. */
export function describeImages(
  context: EcrContext,
  { repositoryName: name = '', imageIds }: DescribeImagesRequest,
): DescribeImagesResponse {
  const record = findRepository(context, name);
  const digests =
    imageIds === undefined
      ? Object.keys(record.manifests)
      : imageIds.map((id) => resolve(record, id) ?? notFound(context, record, id));
  return { imageDetails: digests.map((digest) => detail(context, record, digest)) };
}

/** BatchDeleteImage: a tag goes alone, a digest with all of its tags. @throws AwsError RepositoryNotFoundException. */
export function batchDeleteImage(
  context: EcrContext,
  { repositoryName: name = '', imageIds = [] }: BatchDeleteImageRequest,
): BatchDeleteImageResponse {
  let record = findRepository(context, name);
  const deleted: ImageIdentifier[] = [];
  const failures: ImageFailure[] = [];
  for (const id of imageIds) {
    const digest = resolve(record, id);
    if (digest === undefined) {
      const failureReason = 'Requested image not found';
      failures.push({ imageId: id, failureCode: 'ImageNotFound', failureReason });
      continue;
    }
    deleted.push({ ...id, imageDigest: digest });
    record = withoutImage(record, id, digest);
    if (record.manifests[digest] === undefined) context.images.removeBlob(name, digest);
  }
  context.images.put(record);
  return { imageIds: deleted, failures };
}

function withoutImage(
  record: RepositoryRecord,
  { imageTag, imageDigest }: ImageIdentifier,
  digest: string,
): RepositoryRecord {
  const isWhole = imageDigest !== undefined;
  const tags = Object.entries(record.tags).filter(([tag, named]) =>
    isWhole ? named !== digest : tag !== imageTag,
  );
  // An image whose last tag was deleted is deleted, too.
  const isGone = isWhole || !tags.some(([, named]) => named === digest);
  const manifests = Object.entries(record.manifests).filter(([each]) => !isGone || each !== digest);
  return { ...record, tags: Object.fromEntries(tags), manifests: Object.fromEntries(manifests) };
}

function resolve(record: RepositoryRecord, id: ImageIdentifier): string | undefined {
  const digest = id.imageDigest ?? record.tags[id.imageTag ?? ''];
  return digest !== undefined && record.manifests[digest] !== undefined ? digest : undefined;
}

function notFound({ world }: EcrContext, { name }: RepositoryRecord, id: ImageIdentifier): never {
  throw new AwsError(
    'ImageNotFoundException',
    `The image with imageId {imageDigest:'${id.imageDigest ?? 'null'}', imageTag:'${id.imageTag ?? 'null'}'} does not exist within the repository with name '${name}' in the registry with id '${world.settings.accountId}'`,
  );
}

function detail({ world }: EcrContext, record: RepositoryRecord, digest: string): ImageDetail {
  const manifest = record.manifests[digest];
  return {
    registryId: world.settings.accountId,
    repositoryName: record.name,
    imageDigest: digest,
    imageTags: Object.entries(record.tags).flatMap(([tag, named]) => (named === digest ? tag : [])),
    imageSizeInBytes: manifest?.imageBytes,
    imagePushedAt: manifest === undefined ? undefined : new Date(manifest.pushedAt),
    imageManifestMediaType: manifest?.mediaType,
  };
}
