import { formatAttempts, formatDuration } from '../../domain/format';
import { addAttempt, addLeftovers, emptyLedger, readAttemptRecord } from '../../domain/ledger';
import type { Checkpoint } from '../../domain/checkpoint';
import type { LaunchedInstance } from '../../domain/instance';
import type { AttemptRecord } from '../../domain/outcome';

const at = '2026-11-24T10:00:00.000Z';
const record = (number: number, changes: Partial<AttemptRecord> = {}): AttemptRecord => ({
  number,
  instance: null,
  outcome: 'interrupted',
  message: 'a notice | came',
  ...{ reason: null, exitCode: 0, signal: null },
  fromStep: 0,
  toStep: 40,
  startedAt: at,
  endedAt: at,
  billedSeconds: 90,
  costUsd: 0.01,
  onDemandCostUsd: 0.03,
  checkpoint: null,
  ...changes,
});

test('an attempt that is told twice counts once', () => {
  const ledger = addAttempt(addAttempt(emptyLedger, record(1)), record(1));
  expect(ledger.attempts).toHaveLength(1);
  expect(ledger.costUsd).toBe(0.01);
});

test('an instance that was released after its attempt had been terminated is in the bill', () => {
  const instance: LaunchedInstance = {
    ...{ instanceId: 'i-2', instanceType: 'g5.xlarge', zone: 'us-east-1a', purchase: 'spot' },
    ...{ launchedAt: at, isOurs: true, pricePerHourUsd: 1, onDemandPricePerHourUsd: 2 },
  };
  const checkpoint: Checkpoint = { step: 70, attemptNumber: 2, prefix: 'p/', publishedAt: at };
  const left = {
    instance,
    attemptNumber: 2,
    billedSeconds: 60,
    costUsd: 0.5,
    onDemandCostUsd: 1,
  };
  const ledger = addLeftovers(
    addAttempt(emptyLedger, record(1)),
    [{ ...left, attemptNumber: 1 }, left],
    checkpoint,
    Date.parse(at),
  );
  expect(ledger.attempts.map(({ number }) => number)).toEqual([1, 2]);
  expect(ledger.attempts[1]).toMatchObject({
    instance,
    outcome: 'cancelled',
    startedAt: '2026-11-24T09:59:00.000Z',
    message: 'ended from outside; i-2 was released afterwards',
  });
  expect(ledger.costUsd).toBeCloseTo(0.51);
  expect(ledger.checkpoint).toEqual(checkpoint);
});

test.each([undefined, null, 'x', [], {}, { number: 1, outcome: 'completed', costUsd: 'much' }])(
  '%j is no record of an attempt',
  (input) => {
    expect(readAttemptRecord(input)).toBeNull();
  },
);

test('the table of attempts is Markdown, and the last twenty rows of a long run', () => {
  let ledger = emptyLedger;
  for (let number = 1; number <= 25; number += 1) ledger = addAttempt(ledger, record(number));
  const lines = formatAttempts(ledger).split('\n');
  expect(lines[0]).toBe('_5 earlier attempts are not shown._');
  expect(lines).toHaveLength(24);
  expect(lines.at(-1)).toBe(
    '| 25 | – | 0–40 | **interrupted**: a notice \\| came | 1 min 30 s | $0.0100 |',
  );
});

test.each([
  [0.4, '0 s'],
  [59.6, '1 min 0 s'],
  [3_900, '1 h 05 min'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
