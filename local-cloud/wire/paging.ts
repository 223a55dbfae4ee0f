import { AwsError } from './aws-error';

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextToken: string | undefined;
}

/**
 * Cuts one page out of a list whose order does not change between calls. A token names the last item of the page
 * before it, so that items which come or go in between are neither doubled nor skipped.
 *
 * @throws AwsError with `tokenError` for a token that this function did not make.
 */
export function page<T>(
  items: readonly T[],
  keyOf: (item: T) => string,
  options: {
    readonly token: string | undefined;
    readonly maxResults: number | undefined;
    readonly limit: number;
    readonly tokenError: string;
  },
): Page<T> {
  const sorted = [...items].sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const after = options.token ? decode(options.token, options.tokenError) : undefined;
  const rest = after === undefined ? sorted : sorted.filter((item) => keyOf(item) > after);
  const size = Math.min(options.maxResults ?? options.limit, options.limit);
  const chosen = rest.slice(0, size);
  const last = chosen.at(-1);
  const isMore = rest.length > size && last !== undefined;
  return { items: chosen, nextToken: isMore ? encode(keyOf(last)) : undefined };
}

function encode(key: string): string {
  return Buffer.from(`after:${key}`).toString('base64url');
}

function decode(token: string, errorCode: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (!text.startsWith('after:')) throw new AwsError(errorCode, 'The token is not valid.');
  return text.slice('after:'.length);
}
