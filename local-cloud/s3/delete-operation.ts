/** DeleteObjects: up to a thousand keys in one request, each with its own outcome. */
import { refuseUnsupportedHeaders } from './attributes';
import type { Bucket } from './bucket';
import { s3Error, S3Error } from './errors';
import { receiveText } from './incoming';
import type { BucketCall, BucketOperation, S3World } from './operation';
import { xmlReply, type Reply } from './reply';
import { checkKey } from './request';
import { childrenOf, readXml, textOf, type XmlElement, type XmlNode } from './xml';

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
const KEYS_MAX = 1000;
const BODY = { checksumOf: 'body', maxBytes: 2 * 1024 ** 2 } as const;

export const deleteOperations: readonly BucketOperation[] = [
  {
    name: 'DeleteObjects',
    method: 'POST',
    target: 'bucket',
    selectors: ['delete'],
    perform: deleteObjects,
  },
];

async function deleteObjects(
  world: S3World,
  { request, target, upload }: BucketCall,
): Promise<Reply> {
  const bucket = world.store.get(target.bucket);
  refuseUnsupportedHeaders(request.headers);
  const isVouchedFor = [...request.headers.keys()].some(
    (name) =>
      name === 'content-md5' || name === 'x-amz-trailer' || name.startsWith('x-amz-checksum-'),
  );
  if (!isVouchedFor) {
    const message = 'Missing required header for this request: Content-MD5';
    throw s3Error('InvalidRequest', { message });
  }
  const document = readXml(await receiveText(request, upload, BODY), 'Delete');
  const objects = childrenOf(document, 'Object');
  if (objects.length === 0 || objects.length > KEYS_MAX) throw s3Error('MalformedXML');
  const isQuiet = textOf(document, 'Quiet')?.trim() === 'true';
  const results: XmlElement[] = [];
  for (const object of objects) {
    const result = await deleteOne(bucket, object);
    if (!isQuiet || result[0] === 'Error') results.push(result);
  }
  return xmlReply(['DeleteResult', results]);
}

async function deleteOne(bucket: Bucket, object: XmlNode): Promise<XmlElement> {
  const key = textOf(object, 'Key');
  if (key === undefined || key === '') throw s3Error('MalformedXML');
  try {
    checkKey(key);
    refuseUnsupportedElements(object);
    await bucket.deleteObject(key, textOf(object, 'ETag'));
    return ['Deleted', [['Key', key]]];
  } catch (error) {
    if (!(error instanceof S3Error)) throw error;
    return [
      'Error',
      [
        ['Key', key],
        ['Code', error.code],
        ['Message', error.message],
      ],
    ];
  }
}

function refuseUnsupportedElements(object: XmlNode): void {
  const unsupported = ['VersionId', 'LastModifiedTime', 'Size'].find(
    (name) => childrenOf(object, name).length > 0,
  );
  if (unsupported !== undefined) {
    const message = `The local cloud does not delete by ${unsupported}.`;
    throw s3Error('NotImplemented', { message });
  }
}
