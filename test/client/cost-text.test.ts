import type { RunSnapshot } from '../../client';
import { runText } from '../../client/output/run-text';
import type { AttemptLine } from '../../client/runs/run-snapshot';
import { attemptLine } from './support/attempt-line';

/** A run that is over, as `status` shows it. */
const textOf = (attempts: readonly AttemptLine[], costUsd: number, onDemandCostUsd: number) => {
  const run: RunSnapshot = {
    ...{ runId: 'r1', state: 'completed', isOver: true, message: '', attempts, checkpoint: null },
    ...{ costUsd, onDemandCostUsd, savedUsd: onDemandCostUsd - costUsd, isCostEstimated: false },
    ...{ pricePerHourUsd: null, progress: null, step: null, totalSteps: null, lossHistory: [] },
    ...{ estimate: null, trainerPid: null, failure: null, warnings: [] },
  };
  return runText(run, { width: 160, curves: 'ascii' });
};
const ended = (changes: Partial<AttemptLine> = {}): AttemptLine =>
  attemptLine({ outcome: 'completed', ...changes });

test.each([
  ['beside On-Demand', 0.1, 0.3, 'Cost        $0.1000 (On-Demand $0.3000, 67 % saved)'],
  [
    'that is the On-Demand price',
    0.3,
    0.3,
    'Cost        $0.3000 (nothing saved against On-Demand)',
  ],
  ['of nothing', 0, 0, 'Cost        $0.0000'],
])('a cost %s is told in words that fit', (_what, costUsd, onDemandCostUsd, line) => {
  expect(textOf([ended()], costUsd, onDemandCostUsd).split('\n')).toContain(line);
});

test('prices that are not those of today are said to be of a table, also after the end', () => {
  const text = textOf([ended({ onDemandPriceSource: 'table of 2025-06' })], 0.1, 0.3);
  expect(text).toContain("list prices of runctl's table of 2025-06: the Pricing API did not tell");
  expect(textOf([ended()], 0.1, 0.3)).not.toContain('table');
});

test('an instance of the user is not said to be free', () => {
  const own = { isOnOwnInstance: true, costUsd: 0, onDemandCostUsd: 0, billedSeconds: 0 } as const;
  const text = textOf([ended(own)], 0, 0);
  expect(text).toContain('Cost        the instance is yours, and costs what it costs');
  expect(text).toMatch(/^1 .* yours$/m);
  expect(text).not.toContain('$0.0000');
});

test('what was free says why', () => {
  const free = { freeBecause: 'interrupted-in-first-hour', costUsd: 0 } as const;
  const text = textOf(
    [ended(free), ended({ number: 2, freeBecause: 'never-ran' }), ended({ ...free, number: 3 })],
    0,
    0.3,
  );
  expect(text.split('\n').slice(-2)).toEqual([
    'Free: attempt 1, 3 (EC2 took it back within its first hour)',
    'Free: attempt 2 (it never ran)',
  ]);
});
