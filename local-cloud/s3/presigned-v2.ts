/** The older links of S3 (Signature Version 2), which `aws s3 presign` and boto3 still make where no region needs the newer. */
import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

import type { SigningSecret } from '../sigv4';
import { parseQuery, splitTarget } from '../sigv4-canonical';
import { signaturesMatch } from '../sigv4-key';
import { s3Error } from './errors';

/** The parts of a query that name what is asked for, and so are signed. */
const signedNames =
  /^(acl|cors|delete|lifecycle|location|logging|notification|partNumber|policy|requestPayment|restore|tagging|torrent|uploadId|uploads|versionId|versioning|versions|website|response-[a-z-]+)$/;

/** What makes a request such a link; it says nothing of what is asked for. */
export const oldLinkParameters = ['AWSAccessKeyId', 'Signature', 'Expires'] as const;

/** Whether the request is such a link. */
export const isOldLink = (url: string): boolean => /[?&]AWSAccessKeyId=/.test(url);

/**
 * Accepts a link that was signed with a known secret and has not expired.
 *
 * @throws S3Error AccessDenied, InvalidAccessKeyId, InvalidToken, SignatureDoesNotMatch
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/RESTAuthentication.html
 */
export function checkOldLink(
  request: { readonly method: string; readonly url: string; readonly headers: IncomingHttpHeaders },
  lookUp: (accessKeyId: string) => SigningSecret | undefined,
  now: Date,
): void {
  const { path, query } = splitTarget(request.url);
  const pairs = parseQuery(query).map(({ name, value }) => [name.toString(), value.toString()]);
  const parameters = new Map(pairs as [string, string][]);
  const expiresAt = Number(parameters.get('Expires'));
  const signature = parameters.get('Signature') ?? '';
  if (!Number.isFinite(expiresAt) || signature === '') {
    throw s3Error('AccessDenied', {
      message:
        'Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters',
    });
  }
  const secret = lookUp(parameters.get('AWSAccessKeyId') ?? '');
  if (secret === undefined) throw s3Error('InvalidAccessKeyId');
  if (now.getTime() > expiresAt * 1000) {
    throw s3Error('AccessDenied', { message: 'Request has expired' });
  }
  if (!signaturesMatch(secret.sessionToken ?? '', parameters.get('x-amz-security-token') ?? '')) {
    throw s3Error('InvalidToken');
  }
  const text = [
    request.method,
    textOf('content-md5', parameters, request.headers),
    textOf('content-type', parameters, request.headers),
    parameters.get('Expires') ?? '',
    ...signedHeaders(parameters, request.headers),
    path + signedQuery(parameters),
  ].join('\n');
  const expected = createHmac('sha1', secret.secretAccessKey).update(text).digest('base64');
  if (!signaturesMatch(expected, signature)) throw s3Error('SignatureDoesNotMatch');
}

/** A link carries in its query what an ordinary request has as headers. */
function textOf(
  name: string,
  parameters: ReadonlyMap<string, string>,
  headers: IncomingHttpHeaders,
): string {
  const header = headers[name];
  return parameters.get(name) ?? (Array.isArray(header) ? header.join(',') : (header ?? ''));
}

function signedHeaders(
  parameters: ReadonlyMap<string, string>,
  headers: IncomingHttpHeaders,
): string[] {
  const names = new Set(
    [...parameters.keys(), ...Object.keys(headers)].filter((name) => name.startsWith('x-amz-')),
  );
  return [...names].sort().map((name) => `${name}:${textOf(name, parameters, headers)}`);
}

function signedQuery(parameters: ReadonlyMap<string, string>): string {
  const signed = [...parameters]
    .filter(([name]) => signedNames.test(name))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => (value === '' ? name : `${name}=${value}`));
  return signed.length === 0 ? '' : `?${signed.join('&')}`;
}
