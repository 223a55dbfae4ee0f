import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Failure } from '../../domain/failure';
import { limits } from '../limits';
import type { TrainRequest } from './train-request';

/** Prints what `re` has against each pattern, or null: the supervisor on the instance uses the same module. */
const program = `
import json, re, sys
def problem(pattern):
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return str(error)
print(json.dumps([problem(pattern) for pattern in json.loads(sys.argv[1])]))
`;

/**
 * Refuses patterns that Python's `re` does not take, before anything is launched for them. Without a Python here the
 * instance refuses them, with the code `pattern-unusable`.
 *
 * @throws invalid-input  Names every pattern with its place.
 */
export async function checkPatterns(
  request: Pick<TrainRequest, 'logPattern' | 'failurePatterns'>,
  python = 'python3',
): Promise<void> {
  const patterns = [
    ...(request.logPattern === undefined ? [] : [['--log-pattern', request.logPattern] as const]),
    ...(request.failurePatterns ?? []).map(
      ({ pattern }) => ['--failure-pattern', pattern] as const,
    ),
  ];
  if (patterns.length === 0) return;
  const found = await askPython(
    python,
    patterns.map(([, pattern]) => pattern),
  );
  const problems = patterns.flatMap(([place, pattern], index) => {
    const problem = found[index] ?? null;
    const expectation = "a regular expression as Python's re has them";
    return problem === null
      ? []
      : [`${place}: expected ${expectation}, got ${JSON.stringify(pattern)} (${problem})`];
  });
  if (problems.length > 0) throw new Failure('invalid-input', problems.join('\n'));
}

/** What is wrong with each pattern; nothing when there is no Python to ask, or it does not answer. */
async function askPython(
  python: string,
  patterns: readonly string[],
): Promise<readonly (string | null)[]> {
  try {
    const { stdout } = await promisify(execFile)(
      python,
      ['-I', '-c', program, JSON.stringify(patterns)],
      { timeout: limits.patternCheckSeconds * 1_000 },
    );
    return JSON.parse(stdout) as (string | null)[]; // what the program above prints
  } catch {
    return [];
  }
}
