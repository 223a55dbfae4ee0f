/** Operations on buckets themselves. */
import { readXml, textOf } from './xml';
import { notImplemented, s3Error } from './errors';
import { receiveText } from './incoming';
import { OWNER } from './list-operations';
import type { BucketOperation, ServiceOperation, S3World } from './operation';
import { emptyReply, xmlReply, type Reply } from './reply';
import { readCount, type S3Request, type S3Upload } from './request';

const CONFIGURATION_BODY = { checksumOf: 'body', maxBytes: 64 * 1024 } as const;
const BUCKETS_MAX = 10_000;

export const bucketOperations: readonly (ServiceOperation | BucketOperation)[] = [
  {
    name: 'ListBuckets',
    method: 'GET',
    target: 'service',
    parameters: ['bucket-region', 'continuation-token', 'max-buckets', 'prefix'],
    perform: (world, { request }) => listBuckets(world, request),
  },
  {
    name: 'CreateBucket',
    method: 'PUT',
    target: 'bucket',
    perform: (world, { request, target, upload }) =>
      createBucket(world, target.bucket, request, upload),
  },
  {
    name: 'HeadBucket',
    method: 'HEAD',
    target: 'bucket',
    perform: (world, { target }) => {
      world.store.get(target.bucket);
      return emptyReply(200, { 'x-amz-bucket-region': world.region });
    },
  },
  {
    name: 'DeleteBucket',
    method: 'DELETE',
    target: 'bucket',
    perform: async (world, { target }) => {
      await world.store.delete(target.bucket);
      return emptyReply(204);
    },
  },
  {
    name: 'GetBucketLocation',
    method: 'GET',
    target: 'bucket',
    selectors: ['location'],
    perform: (world, { target }) => {
      world.store.get(target.bucket);
      // The oldest region is spelled as nothing.
      return xmlReply(['LocationConstraint', world.region === 'us-east-1' ? '' : world.region]);
    },
  },
  {
    name: 'GetBucketVersioning',
    method: 'GET',
    target: 'bucket',
    selectors: ['versioning'],
    perform: (world, { target }) => {
      world.store.get(target.bucket);
      // Never switched on, and cannot be: PutBucketVersioning is not implemented.
      return xmlReply(['VersioningConfiguration', '']);
    },
  },
];

function listBuckets(world: S3World, request: S3Request): Reply {
  const maxBuckets = readCount(request, 'max-buckets', { fallback: BUCKETS_MAX, max: BUCKETS_MAX });
  const prefix = request.query.get('prefix') ?? '';
  const after = request.query.get('continuation-token') ?? '';
  const region = request.query.get('bucket-region') ?? world.region;
  const matching = world.store
    .list()
    .filter(({ name }) => region === world.region && name.startsWith(prefix) && name > after);
  const shown = matching.slice(0, maxBuckets);
  return xmlReply([
    'ListAllMyBucketsResult',
    [
      ['Owner', OWNER],
      [
        'Buckets',
        shown.map(({ name, createdAt }) => [
          'Bucket',
          [
            ['Name', name],
            ['CreationDate', createdAt],
            ['BucketRegion', world.region],
          ],
        ]),
      ],
      ['ContinuationToken', shown.length < matching.length ? shown.at(-1)?.name : undefined],
      ['Prefix', prefix === '' ? undefined : prefix],
    ],
  ]);
}

async function createBucket(
  world: S3World,
  name: string,
  request: S3Request,
  upload: S3Upload,
): Promise<Reply> {
  if (!isBucketName(name)) {
    throw s3Error('InvalidBucketName', { details: { BucketName: name } });
  }
  refuseBucketOptions(request.headers);
  await checkLocation(world.region, request, upload);
  // Creating a bucket of one's own again succeeds in the oldest region and nowhere else:
  // https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
  if (world.store.has(name) && world.region !== 'us-east-1') {
    throw s3Error('BucketAlreadyOwnedByYou', { details: { BucketName: name } });
  }
  await world.store.create(name);
  return emptyReply(200, { location: `/${name}` });
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html */
function isBucketName(name: string): boolean {
  return (
    /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name) &&
    !name.includes('..') &&
    !/^\d+\.\d+\.\d+\.\d+$/.test(name) &&
    !/^(xn--|sthree-|amzn-s3-demo-)/.test(name) &&
    !/(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3)$/.test(name)
  );
}

function refuseBucketOptions(headers: ReadonlyMap<string, string>): void {
  if ((headers.get('x-amz-acl') ?? 'private') !== 'private') {
    throw notImplemented('bucket ACLs other than private');
  }
  if (headers.get('x-amz-bucket-object-lock-enabled')?.toLowerCase() === 'true') {
    throw notImplemented('object lock');
  }
}

async function checkLocation(region: string, request: S3Request, upload: S3Upload): Promise<void> {
  const hasBody = (request.headers.get('content-length') ?? '0') !== '0';
  const text = hasBody ? await receiveText(request, upload, CONFIGURATION_BODY) : '';
  const location =
    text === ''
      ? undefined
      : textOf(readXml(text, 'CreateBucketConfiguration'), 'LocationConstraint');
  // Only the oldest region is meant by saying nothing, and only by that.
  if (location === (region === 'us-east-1' ? undefined : region)) return;
  throw s3Error('IllegalLocationConstraintException', {
    message: `The ${location ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
  });
}
