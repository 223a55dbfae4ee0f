import { knownAttempts } from '../../client/runs/known-attempts';
import type { AttemptRecord } from '../../domain/outcome';

/** Only its number counts. */
const records = (...numbers: readonly number[]): AttemptRecord[] =>
  numbers.map((number) => ({ number }) as AttemptRecord);

test.each([
  { parent: [1, 2], child: [1, 2], all: [1, 2], why: 'both know the same' },
  { parent: [1, 2], child: [2, 3], all: [1, 2, 3], why: 'the parent was asked a moment earlier' },
  { parent: [1, 2, 3], child: [1, 2], all: [1, 2, 3], why: 'the parent knows the newest end' },
  { parent: [], child: [4, 5], all: [4, 5], why: 'the parent does not answer' },
  { parent: [1], child: [], all: [1], why: 'there is no child' },
])('of $parent and $child the attempts $all are known: $why', ({ parent, child, all }) => {
  const known = knownAttempts(records(...parent), records(...child));
  expect(known.map(({ number }) => number)).toEqual(all);
});
