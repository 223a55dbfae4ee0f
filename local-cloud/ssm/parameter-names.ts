import { createHash } from 'node:crypto';
import { AwsError } from '../wire/aws-error';

const MAX_LEVELS = 15;

/** What a request names: a parameter, and a version of it or the newest. */
export interface ParameterSelector {
  readonly name: string;
  readonly version: number | null;
  /** `:3` as it was given; empty for none. */
  readonly text: string;
}

/** Under what a parameter is kept. */
export const parameterKey = (name: string): string =>
  createHash('sha256').update(name).digest('hex');

/** Reads `/a/b`, `/a/b:3` or an ARN of either. */
export function readSelector(given: string): ParameterSelector {
  const bare = given.replace(/^arn:[^:]*:ssm:[^:]*:[^:]*:parameter(?=\/)/, '');
  const [, name = bare, text = ''] = /^([^:]*)(:[0-9]+)$/.exec(bare) ?? [];
  return { name, version: text === '' ? null : Number(text.slice(1)), text };
}

/**
 * Checks the name of a parameter that is to be made.
 *
 * @throws AwsError ValidationException, AccessDeniedException, HierarchyLevelLimitExceededException.
 */
export function checkNewName(name: string): void {
  const first = name.replace(/^\//, '').toLowerCase();
  if (first.startsWith('aws')) {
    throw new AwsError('AccessDeniedException', `No access to reserved parameter name: ${name}.`);
  }
  if (first.startsWith('ssm') || !/^[A-Za-z0-9_.\-/]+$/.test(name) || /\/\/|\/$/.test(name)) {
    throw invalid(
      'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of ' +
        'sub-paths divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the ' +
        'following 3 symbols .-_',
    );
  }
  if (name.includes('/') && !name.startsWith('/')) {
    throw invalid('Parameter name must be a fully qualified name.');
  }
  if (name.split('/').length - 1 > MAX_LEVELS) {
    throw new AwsError(
      'HierarchyLevelLimitExceededException',
      `The hierarchy of ${name} has more than ${MAX_LEVELS} levels.`,
    );
  }
}

export const invalid = (message: string): AwsError => new AwsError('ValidationException', message);
