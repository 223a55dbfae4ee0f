/** Which keys one page of a listing shows. Pure functions. */
import { compareKeys } from './bucket';

export interface ListingQuery {
  readonly prefix: string;
  /** Empty: no grouping. */
  readonly delimiter: string;
  /** Only what sorts behind it is listed; empty: from the beginning. */
  readonly after: string;
  /** Keys and common prefixes together. */
  readonly maxEntries: number;
}

/** One page; entries are keys and common prefixes in their joint order. */
export interface ListingPage {
  readonly keys: readonly string[];
  readonly commonPrefixes: readonly string[];
  /** Give it as `after` to get the next page; `undefined` on the last one. */
  readonly next: string | undefined;
}

/**
 * Lists one page of keys that are already in S3's order.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-prefixes.html
 */
export function listPage(sortedKeys: readonly string[], query: ListingQuery): ListingPage {
  const { prefix, maxEntries, after } = query;
  const keys: string[] = [];
  const commonPrefixes: string[] = [];
  let last = '';
  let index = firstIndexAtOrAfter(sortedKeys, compareKeys(prefix, after) > 0 ? prefix : after);
  while (index < sortedKeys.length) {
    const key = sortedKeys[index] ?? '';
    if (!key.startsWith(prefix)) break;
    const group = commonPrefixOf(key, query);
    const entry = group ?? key;
    // `after` may itself be a common prefix of the page before: its keys have been shown.
    if (entry === after || compareKeys(key, after) <= 0) {
      index = group === undefined ? index + 1 : firstIndexBehind(sortedKeys, index, entry, after);
      continue;
    }
    if (keys.length + commonPrefixes.length >= maxEntries) {
      return { keys, commonPrefixes, next: maxEntries === 0 ? undefined : last };
    }
    if (group === undefined) keys.push(key);
    else commonPrefixes.push(group);
    last = entry;
    index = group === undefined ? index + 1 : firstIndexWithout(sortedKeys, index, group);
  }
  return { keys, commonPrefixes, next: undefined };
}

function commonPrefixOf(key: string, { prefix, delimiter }: ListingQuery): string | undefined {
  if (delimiter === '') return undefined;
  const end = key.indexOf(delimiter, prefix.length);
  return end < 0 ? undefined : key.slice(0, end + delimiter.length);
}

/** Skips a group that was shown already; a key in its middle only skips up to that key. */
function firstIndexBehind(
  sortedKeys: readonly string[],
  index: number,
  group: string,
  after: string,
): number {
  return group === after ? firstIndexWithout(sortedKeys, index, group) : index + 1;
}

function firstIndexAtOrAfter(sortedKeys: readonly string[], text: string): number {
  return search(sortedKeys, 0, (key) => compareKeys(key, text) >= 0);
}

function firstIndexWithout(sortedKeys: readonly string[], from: number, group: string): number {
  return search(sortedKeys, from, (key) => !key.startsWith(group));
}

/** The first index from which on the question is answered with yes; the answers must be in order. */
function search(
  sortedKeys: readonly string[],
  from: number,
  isBehind: (key: string) => boolean,
): number {
  let [low, high] = [from, sortedKeys.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBehind(sortedKeys[middle] ?? '')) high = middle;
    else low = middle + 1;
  }
  return low;
}
