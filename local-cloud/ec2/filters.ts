import type { Filter } from '@aws-sdk/client-ec2';
import { AwsError } from '../wire/aws-error';
import type { Tags } from '../world/records';

/** For each filter name the values that a resource has; several, when one match is enough. */
export type FilterValues<T> = Readonly<
  Record<string, (resource: T) => readonly (string | null | undefined)[]>
>;

/**
 * Makes a predicate of EC2 filters: all filters must match, each by any of its values, `*` and `?` being wildcards.
 *
 * @throws AwsError InvalidParameterValue for a filter that the operation does not have.
 */
export function filterBy<T extends object>(
  filters: readonly Filter[] | undefined,
  values: FilterValues<T>,
): (resource: T) => boolean {
  const tests = (filters ?? []).map((filter) => testFor(filter, values));
  return (resource) => tests.every((test) => test(resource));
}

function testFor<T extends object>(
  { Name: name = '', Values: wanted = [] }: Filter,
  values: FilterValues<T>,
): (resource: T) => boolean {
  const patterns = wanted.map(patternFor);
  const isWanted = (value: string | null | undefined): boolean =>
    typeof value === 'string' && patterns.some((pattern) => pattern.test(value));
  if (name.startsWith('tag:')) {
    return (resource) => isWanted(tagsOf(resource)[name.slice('tag:'.length)]);
  }
  if (name === 'tag-key') return (resource) => Object.keys(tagsOf(resource)).some(isWanted);
  const read = values[name];
  if (read === undefined) {
    throw new AwsError('InvalidParameterValue', `The filter '${name}' is invalid`);
  }
  return (resource) => read(resource).some(isWanted);
}

function tagsOf(resource: object): Tags {
  // Every record that has a member of this name has tags in it; images, subnets and the like have none.
  return 'tags' in resource ? (resource.tags as Tags) : {};
}

function patternFor(text: string): RegExp {
  // A backslash takes the meaning from the character after it.
  const source = text.replace(/\\([*?\\])|[.+^${}()|[\]\\]|[*?]/g, (match, escaped?: string) => {
    if (escaped !== undefined) return `\\${escaped}`;
    if (match === '*') return '.*';
    return match === '?' ? '.' : `\\${match}`;
  });
  return new RegExp(`^${source}$`, 's');
}
