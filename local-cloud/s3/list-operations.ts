/** ListObjectsV2 and its older form. */
import type { Bucket } from './bucket';
import { s3Error } from './errors';
import { listPage, type ListingPage } from './listing';
import type { BucketOperation } from './operation';
import type { ObjectRecord } from './records';
import { xmlReply, type Reply } from './reply';
import { readCount, type S3Request } from './request';
import type { XmlElement } from './xml';

const PAGE_MAX_ENTRIES = 1000;

export const listOperations: readonly BucketOperation[] = [
  {
    name: 'ListObjectsV2',
    method: 'GET',
    target: 'bucket',
    selectors: ['list-type'],
    parameters: [
      'continuation-token',
      'delimiter',
      'encoding-type',
      'fetch-owner',
      'max-keys',
      'prefix',
      'start-after',
    ],
    perform: (world, { request, target }) => listObjectsV2(world.store.get(target.bucket), request),
  },
  {
    name: 'ListObjects',
    method: 'GET',
    target: 'bucket',
    parameters: ['delimiter', 'encoding-type', 'marker', 'max-keys', 'prefix'],
    perform: (world, { request, target }) => listObjects(world.store.get(target.bucket), request),
  },
];

function listObjectsV2(bucket: Bucket, request: S3Request): Reply {
  if (request.query.get('list-type') !== '2') {
    throw s3Error('InvalidArgument', { details: { ArgumentName: 'list-type' } });
  }
  const token = request.query.get('continuation-token');
  const startAfter = request.query.get('start-after') ?? '';
  const listing = readListing(bucket, request, token === undefined ? startAfter : readToken(token));
  const { page, encode } = listing;
  const owner: XmlElement[] = request.query.get('fetch-owner') === 'true' ? [['Owner', OWNER]] : [];
  return xmlReply([
    'ListBucketResult',
    [
      ['Name', bucket.record.name],
      ...listing.echo,
      ['ContinuationToken', token],
      ['StartAfter', request.query.has('start-after') ? encode(startAfter) : undefined],
      ['KeyCount', page.keys.length + page.commonPrefixes.length],
      ['IsTruncated', page.next !== undefined],
      ['NextContinuationToken', page.next === undefined ? undefined : writeToken(page.next)],
      ...writeEntries(bucket, page, encode, owner),
    ],
  ]);
}

function listObjects(bucket: Bucket, request: S3Request): Reply {
  const marker = request.query.get('marker') ?? '';
  const { page, encode, echo } = readListing(bucket, request, marker);
  // Without a delimiter the client goes on from the last key itself.
  const nextMarker = request.query.get('delimiter') ? page.next : undefined;
  return xmlReply([
    'ListBucketResult',
    [
      ['Name', bucket.record.name],
      ...echo,
      ['Marker', encode(marker)],
      ['NextMarker', nextMarker === undefined ? undefined : encode(nextMarker)],
      ['IsTruncated', page.next !== undefined],
      ...writeEntries(bucket, page, encode, [['Owner', OWNER]]),
    ],
  ]);
}

/** The one account of the local cloud. */
export const OWNER: readonly XmlElement[] = [
  ['ID', '0'.repeat(64)],
  ['DisplayName', 'local'],
];

interface Listing {
  readonly page: ListingPage;
  readonly encode: (text: string) => string;
  /** The elements that repeat the request. */
  readonly echo: readonly XmlElement[];
}

function readListing(bucket: Bucket, request: S3Request, after: string): Listing {
  const encode = readEncoding(request);
  const prefix = request.query.get('prefix') ?? '';
  const delimiter = request.query.get('delimiter') ?? '';
  const maxEntries = readCount(request, 'max-keys', {
    fallback: PAGE_MAX_ENTRIES,
    max: PAGE_MAX_ENTRIES,
  });
  return {
    page: listPage(bucket.listKeys(), { prefix, delimiter, after, maxEntries }),
    encode,
    echo: [
      ['Prefix', encode(prefix)],
      ['Delimiter', delimiter === '' ? undefined : encode(delimiter)],
      ['MaxKeys', maxEntries],
      ['EncodingType', request.query.get('encoding-type')],
    ],
  };
}

/** How keys are written: as they are, or percent-encoded for clients with a strict XML parser. */
export function readEncoding(request: S3Request): (text: string) => string {
  const encoding = request.query.get('encoding-type');
  if (encoding === undefined) return (text) => text;
  if (encoding !== 'url') {
    throw s3Error('InvalidArgument', {
      message: 'Invalid Encoding Method specified in Request',
      details: { ArgumentName: 'encoding-type', ArgumentValue: encoding },
    });
  }
  return (text) => encodeURIComponent(text).replaceAll('%2F', '/');
}

function writeEntries(
  bucket: Bucket,
  page: ListingPage,
  encode: (text: string) => string,
  owner: readonly XmlElement[],
): XmlElement[] {
  return [
    ...page.keys.map((key) => writeObject(bucket.getObject(key), encode, owner)),
    ...page.commonPrefixes.map((prefix): XmlElement => [
      'CommonPrefixes',
      [['Prefix', encode(prefix)]],
    ]),
  ];
}

function writeObject(
  record: ObjectRecord,
  encode: (text: string) => string,
  owner: readonly XmlElement[],
): XmlElement {
  return [
    'Contents',
    [
      ['Key', encode(record.key)],
      ['LastModified', record.lastModified],
      ['ETag', `"${record.etag}"`],
      ['ChecksumAlgorithm', record.checksum.algorithm],
      ['ChecksumType', record.checksum.type],
      ['Size', record.sizeBytes],
      ...owner,
      ['StorageClass', record.storageClass],
    ],
  ];
}

/** Tokens are opaque to clients; the mark keeps a start-after from being taken for one. */
const TOKEN_MARK = 'after:';

function writeToken(after: string): string {
  return Buffer.from(TOKEN_MARK + after).toString('base64url');
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith(TOKEN_MARK)) {
    throw s3Error('InvalidArgument', {
      message: 'The continuation token provided is incorrect',
      details: { ArgumentName: 'continuation-token' },
    });
  }
  return text.slice(TOKEN_MARK.length);
}
