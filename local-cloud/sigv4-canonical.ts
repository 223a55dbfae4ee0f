/** The canonical form of a request, as Signature Version 4 defines it. Pure functions. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/**
 * Percent-encodes every byte except A-Z a-z 0-9 - . _ ~, as AWS does.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
function awsUriEncode(bytes: Buffer): string {
  let encoded = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9\-._~]/.test(character)
      ? character
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/** Decodes percent escapes to bytes; an escape that is not one stays as it is. */
export function percentDecode(text: string): Buffer {
  const bytes: Buffer[] = [];
  let rest = 0;
  for (const match of text.matchAll(/(?:%[0-9a-fA-F]{2})+/g)) {
    bytes.push(Buffer.from(text.slice(rest, match.index), 'latin1'));
    bytes.push(Buffer.from(match[0].replaceAll('%', ''), 'hex'));
    rest = match.index + match[0].length;
  }
  bytes.push(Buffer.from(text.slice(rest), 'latin1'));
  return Buffer.concat(bytes);
}

/** One `name=value` of a query string, decoded to bytes. */
export interface QueryPair {
  readonly name: Buffer;
  readonly value: Buffer;
}

/** Splits a raw request target at its first `?`. No normalisation: a key may contain `..`. */
export function splitTarget(url: string): { path: string; query: string } {
  const mark = url.indexOf('?');
  return mark < 0
    ? { path: url, query: '' }
    : { path: url.slice(0, mark), query: url.slice(mark + 1) };
}

/** Decodes a raw query string in its order; `+` is a space, a name alone has an empty value. */
export function parseQuery(query: string): QueryPair[] {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const plain = pair.replaceAll('+', '%20');
      const mark = plain.indexOf('=');
      return mark < 0
        ? { name: percentDecode(plain), value: Buffer.alloc(0) }
        : {
            name: percentDecode(plain.slice(0, mark)),
            value: percentDecode(plain.slice(mark + 1)),
          };
    });
}

/** The parts of a request that its signature covers. */
export interface SignedParts {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
  readonly service: string;
}

/** The hex SHA-256 of the canonical request. */
export function hashCanonicalRequest(parts: SignedParts): string {
  const { path, query } = splitTarget(parts.url);
  const canonical = [
    parts.method,
    canonicalPath(path, parts.service),
    canonicalQuery(query),
    ...parts.signedHeaders.map((name) => `${name}:${canonicalHeader(parts.headers[name])}`),
    '',
    parts.signedHeaders.join(';'),
    parts.payloadHash,
  ].join('\n');
  // Node hands over header bytes as Latin-1 characters; the client hashed the bytes themselves.
  return createHash('sha256').update(canonical, 'latin1').digest('hex');
}

function canonicalPath(path: string, service: string): string {
  // S3 encodes a path once. The other services encode what is already encoded a second time.
  const asSent = service === 's3' ? percentDecode : (text: string) => Buffer.from(text, 'latin1');
  const segments = (path === '' ? '/' : path).split('/');
  return segments.map((segment) => awsUriEncode(asSent(segment))).join('/');
}

function canonicalQuery(query: string): string {
  return parseQuery(query)
    .map(({ name, value }) => ({ name: awsUriEncode(name), value: awsUriEncode(value) }))
    .filter(({ name }) => name !== 'X-Amz-Signature')
    .sort((a, b) => compareText(a.name, b.name) || compareText(a.value, b.value))
    .map(({ name, value }) => `${name}=${value}`)
    .join('&');
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function canonicalHeader(value: string | string[] | undefined): string {
  const text = Array.isArray(value) ? value.join(',') : (value ?? '');
  return text.trim().replaceAll(/\s+/g, ' ');
}
