/** ListParts and ListMultipartUploads. */
import { compareKeys } from './bucket';
import { checksumElement } from './checksums';
import { OWNER, readEncoding } from './list-operations';
import { findUpload } from './multipart-operations';
import type {
  BucketCall,
  BucketOperation,
  ObjectCall,
  ObjectOperation,
  S3World,
} from './operation';
import type { UploadRecord } from './records';
import { xmlReply, type Reply } from './reply';
import { readCount } from './request';
import type { XmlElement } from './xml';

const PAGE_MAX_ENTRIES = 1000;

export const multipartListOperations: readonly (BucketOperation | ObjectOperation)[] = [
  {
    name: 'ListParts',
    method: 'GET',
    target: 'object',
    selectors: ['uploadId'],
    parameters: ['max-parts', 'part-number-marker'],
    perform: listParts,
  },
  {
    name: 'ListMultipartUploads',
    method: 'GET',
    target: 'bucket',
    selectors: ['uploads'],
    parameters: [
      'delimiter',
      'encoding-type',
      'key-marker',
      'max-uploads',
      'prefix',
      'upload-id-marker',
    ],
    perform: listUploads,
  },
];

function listParts(world: S3World, call: ObjectCall): Reply {
  const { request, target } = call;
  const { record, parts } = findUpload(world, call);
  const limits = { fallback: PAGE_MAX_ENTRIES, max: PAGE_MAX_ENTRIES };
  const maxParts = readCount(request, 'max-parts', limits);
  const marker = readCount(request, 'part-number-marker', { fallback: 0, max: 10_000 });
  const rest = [...parts.values()]
    .filter(({ partNumber }) => partNumber > marker)
    .sort((a, b) => a.partNumber - b.partNumber);
  const shown = rest.slice(0, maxParts);
  const { algorithm, type, isChosen } = record.checksum;
  return xmlReply([
    'ListPartsResult',
    [
      ['Bucket', target.bucket],
      ['Key', target.key],
      ['UploadId', record.uploadId],
      ['Initiator', OWNER],
      ['Owner', OWNER],
      ['StorageClass', record.storageClass],
      ['PartNumberMarker', marker],
      ['NextPartNumberMarker', shown.at(-1)?.partNumber ?? 0],
      ['MaxParts', maxParts],
      ['IsTruncated', shown.length < rest.length],
      ['ChecksumAlgorithm', isChosen ? algorithm : undefined],
      ['ChecksumType', isChosen ? type : undefined],
      ...shown.map((part): XmlElement => [
        'Part',
        [
          ['PartNumber', part.partNumber],
          ['LastModified', part.lastModified],
          ['ETag', `"${part.etag}"`],
          ['Size', part.sizeBytes],
          [checksumElement(algorithm), isChosen ? part.checksum.value : undefined],
        ],
      ]),
    ],
  ]);
}

function listUploads(world: S3World, { request, target }: BucketCall): Reply {
  const encode = readEncoding(request);
  const prefix = request.query.get('prefix') ?? '';
  const delimiter = request.query.get('delimiter') ?? '';
  const keyMarker = request.query.get('key-marker') ?? '';
  const uploadIdMarker = request.query.get('upload-id-marker') ?? '';
  const limits = { fallback: PAGE_MAX_ENTRIES, max: PAGE_MAX_ENTRIES };
  const maxUploads = readCount(request, 'max-uploads', limits);

  const rest = groupUploads(
    world.store.get(target.bucket).uploads.list(),
    prefix,
    delimiter,
  ).filter(
    (entry) =>
      compareKeys(entry.name, keyMarker) > 0 ||
      (entry.name === keyMarker &&
        uploadIdMarker !== '' &&
        (entry.upload?.uploadId ?? '') > uploadIdMarker),
  );
  const shown = rest.slice(0, maxUploads);
  const last = shown.length < rest.length ? shown.at(-1) : undefined;
  return xmlReply([
    'ListMultipartUploadsResult',
    [
      ['Bucket', target.bucket],
      ['KeyMarker', encode(keyMarker)],
      ['UploadIdMarker', uploadIdMarker],
      ['NextKeyMarker', last && encode(last.name)],
      ['NextUploadIdMarker', last?.upload?.uploadId],
      ['Prefix', encode(prefix)],
      ['Delimiter', delimiter === '' ? undefined : encode(delimiter)],
      ['EncodingType', request.query.get('encoding-type')],
      ['MaxUploads', maxUploads],
      ['IsTruncated', last !== undefined],
      ...shown.map(({ name, upload }): XmlElement =>
        upload === undefined
          ? ['CommonPrefixes', [['Prefix', encode(name)]]]
          : ['Upload', writeUpload(upload, encode)],
      ),
    ],
  ]);
}

/** An upload, or (without one) a common prefix of several. */
interface UploadEntry {
  readonly name: string;
  readonly upload: UploadRecord | undefined;
}

/** Uploads below a prefix by key and then id, those with a delimiter behind it as one entry each. */
function groupUploads(
  uploads: readonly UploadRecord[],
  prefix: string,
  delimiter: string,
): UploadEntry[] {
  const entries = new Map<string, UploadEntry>();
  for (const upload of uploads) {
    if (!upload.key.startsWith(prefix)) continue;
    const end = delimiter === '' ? -1 : upload.key.indexOf(delimiter, prefix.length);
    if (end < 0) {
      entries.set(`${upload.key}\n${upload.uploadId}`, { name: upload.key, upload });
    } else {
      const name = upload.key.slice(0, end + delimiter.length);
      entries.set(name, { name, upload: undefined });
    }
  }
  return [...entries.values()].sort(
    (a, b) =>
      compareKeys(a.name, b.name) ||
      compareKeys(a.upload?.uploadId ?? '', b.upload?.uploadId ?? ''),
  );
}

function writeUpload(upload: UploadRecord, encode: (text: string) => string): XmlElement[] {
  const { algorithm, type, isChosen } = upload.checksum;
  return [
    ['Key', encode(upload.key)],
    ['UploadId', upload.uploadId],
    ['Initiator', OWNER],
    ['Owner', OWNER],
    ['StorageClass', upload.storageClass],
    ['Initiated', upload.initiatedAt],
    ['ChecksumAlgorithm', isChosen ? algorithm : undefined],
    ['ChecksumType', isChosen ? type : undefined],
  ];
}
