/** One S3 request, parsed once: which bucket and key, which parameters, which headers. */
import type { IncomingMessage } from 'node:http';

import { parseQuery, percentDecode, splitTarget } from '../sigv4-canonical';
import type { PayloadSigning } from '../sigv4';
import { s3Error } from './errors';
import { oldLinkParameters } from './presigned-v2';

/** What the path names. */
export type Target =
  | { readonly kind: 'service' }
  | { readonly kind: 'bucket'; readonly bucket: string }
  | { readonly kind: 'object'; readonly bucket: string; readonly key: string };

/** A request without its body. */
export interface S3Request {
  readonly method: string;
  /** The path as sent, for error documents. */
  readonly path: string;
  readonly target: Target;
  /** Query parameters that select or shape an operation; those of the signature are left out. */
  readonly query: ReadonlyMap<string, string>;
  /** By lower-case name. Presigned `x-amz-*` parameters count as headers, as they do at AWS. */
  readonly headers: ReadonlyMap<string, string>;
}

/** A request and its body, not read yet, with what its signature says about it. */
export interface S3Upload {
  readonly stream: IncomingMessage;
  readonly payload: PayloadSigning;
}

/** @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const KEY_MAX_BYTES = 1024;

/**
 * Parses the path (path style only), the query and the headers.
 * @throws InvalidURI, KeyTooLongError
 */
export function parseS3Request(message: IncomingMessage): S3Request {
  const { path, query } = splitTarget(message.url ?? '/');
  const headers = new Map<string, string>();
  const parameters = new Map<string, string>();
  for (const pair of parseQuery(query)) {
    const name = decodeText(pair.name);
    // Presigning moves headers into the query, among them those of the signature itself.
    if (/^(x-amz-|content-(type|md5)$)/i.test(name))
      headers.set(name.toLowerCase(), decodeText(pair.value));
    else parameters.set(name, decodeText(pair.value));
  }
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(',') : value);
  }
  // The SDKs add the operation's name for logs; S3 ignores it.
  parameters.delete('x-id');
  for (const name of oldLinkParameters) parameters.delete(name);
  return {
    method: message.method ?? 'GET',
    path,
    target: parseTarget(path),
    query: parameters,
    headers,
  };
}

function parseTarget(path: string): Target {
  const plain = path.replace(/^\//, '');
  const mark = plain.indexOf('/');
  const bucket = decodeText(percentDecode(mark < 0 ? plain : plain.slice(0, mark)));
  const key = mark < 0 ? '' : decodeText(percentDecode(plain.slice(mark + 1)));
  if (bucket === '') return { kind: 'service' };
  if (key === '') return { kind: 'bucket', bucket };
  checkKey(key);
  return { kind: 'object', bucket, key };
}

/** @throws KeyTooLongError */
export function checkKey(key: string): void {
  const sizeBytes = Buffer.byteLength(key);
  if (sizeBytes > KEY_MAX_BYTES) {
    throw s3Error('KeyTooLongError', {
      details: { Size: String(sizeBytes), MaxSizeAllowed: String(KEY_MAX_BYTES) },
    });
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Names in S3 are UTF-8; anything else is refused rather than stored under another name. */
function decodeText(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw s3Error('InvalidURI');
  }
}

/** Reads a count from a query parameter. @throws InvalidArgument */
export function readCount(
  request: S3Request,
  name: string,
  limits: { readonly fallback: number; readonly max: number },
): number {
  const text = request.query.get(name);
  if (text === undefined || text === '') return limits.fallback;
  if (!/^\d{1,10}$/.test(text) || Number(text) > 2_147_483_647) {
    throw s3Error('InvalidArgument', {
      message: `Provided ${name} not an integer or within integer range`,
      details: { ArgumentName: name, ArgumentValue: text },
    });
  }
  return Math.min(Number(text), limits.max);
}
