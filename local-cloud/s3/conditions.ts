/** Conditional requests: which writes and reads may go ahead. Pure functions. */
import { notImplemented, s3Error } from './errors';
import type { ObjectRecord } from './records';

/** What a write demands of the object it replaces. */
export type WriteCondition =
  | { readonly kind: 'none' }
  | { readonly kind: 'if-none-match' }
  | { readonly kind: 'if-match'; readonly etag: string };

/**
 * Reads `If-None-Match: *` or `If-Match: "etag"` of a write.
 * @throws NotImplemented for any other form, as S3 does
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
 */
export function readWriteCondition(headers: ReadonlyMap<string, string>): WriteCondition {
  const ifNoneMatch = headers.get('if-none-match');
  const ifMatch = headers.get('if-match');
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== '*') throw notImplemented('If-None-Match other than * on a write');
    if (ifMatch !== undefined) throw notImplemented('If-Match together with If-None-Match');
    return { kind: 'if-none-match' };
  }
  if (ifMatch === undefined) return { kind: 'none' };
  if (ifMatch.trim() === '*') throw notImplemented('If-Match: * on a write');
  return { kind: 'if-match', etag: unquote(ifMatch) };
}

/** @throws PreconditionFailed, NoSuchKey */
export function checkWriteCondition(
  condition: WriteCondition,
  key: string,
  existing: ObjectRecord | undefined,
): void {
  switch (condition.kind) {
    case 'none':
      return;
    case 'if-none-match':
      if (existing !== undefined) throw preconditionFailed('If-None-Match');
      return;
    case 'if-match':
      if (existing === undefined) throw s3Error('NoSuchKey', { details: { Key: key } });
      if (existing.etag !== condition.etag) throw preconditionFailed('If-Match');
      return;
  }
}

/** Checks the `If-Match` of a delete, where `*` stands for any object. @throws as for a write */
export function checkDeleteCondition(
  ifMatch: string | undefined,
  key: string,
  existing: ObjectRecord | undefined,
): void {
  if (ifMatch === undefined) return;
  if (existing === undefined) throw s3Error('NoSuchKey', { details: { Key: key } });
  if (!etagMatches(ifMatch, existing.etag)) throw preconditionFailed('If-Match');
}

/** The conditions of a read, by header name; a copy spells them with a prefix. */
export interface ReadConditions {
  readonly ifMatch: string | undefined;
  readonly ifNoneMatch: string | undefined;
  readonly ifModifiedSince: string | undefined;
  readonly ifUnmodifiedSince: string | undefined;
}

/** Reads the conditions of a read; `prefix` is `x-amz-copy-source-` for the source of a copy. */
export function readReadConditions(
  headers: ReadonlyMap<string, string>,
  prefix: '' | 'x-amz-copy-source-',
): ReadConditions {
  return {
    ifMatch: headers.get(`${prefix}if-match`),
    ifNoneMatch: headers.get(`${prefix}if-none-match`),
    ifModifiedSince: headers.get(`${prefix}if-modified-since`),
    ifUnmodifiedSince: headers.get(`${prefix}if-unmodified-since`),
  };
}

/**
 * Decides a conditional read. An entity tag outranks a date, as in RFC 9110 section 13.2.2.
 * @throws PreconditionFailed
 */
export function decideRead(
  conditions: ReadConditions,
  record: ObjectRecord,
): 'read' | 'not-modified' {
  const { ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince } = conditions;
  if (ifMatch !== undefined) {
    if (!etagMatches(ifMatch, record.etag)) throw preconditionFailed('If-Match');
  } else if (isModifiedSince(record, ifUnmodifiedSince) === true) {
    throw preconditionFailed('If-Unmodified-Since');
  }
  if (ifNoneMatch !== undefined) {
    return etagMatches(ifNoneMatch, record.etag) ? 'not-modified' : 'read';
  }
  return isModifiedSince(record, ifModifiedSince) === false ? 'not-modified' : 'read';
}

/** The refusal of a condition, naming the header that failed. */
export function preconditionFailed(condition: string): Error {
  return s3Error('PreconditionFailed', { details: { Condition: condition } });
}

/** `undefined` when there is no date to compare with. */
function isModifiedSince(record: ObjectRecord, date: string | undefined): boolean | undefined {
  const since = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(since) ? undefined : Date.parse(record.lastModified) > since;
}

function etagMatches(header: string, etag: string): boolean {
  return header.split(',').some((tag) => tag.trim() === '*' || unquote(tag) === etag);
}

/** An entity tag without its quotes; clients send it with and without. */
export function unquote(etag: string): string {
  return etag.trim().replace(/^W\//, '').replaceAll('"', '');
}
