import {
  firstCarryOver,
  keepRecent,
  migrateCarryOver,
  type AttemptCarryOver,
} from '../../domain/carry-over';
import { avoidPools } from '../../domain/decide-placement';
import { limits } from '../../domain/limits';
import { joinLosses } from '../../domain/losses';
import type { AttemptRecord } from '../../domain/outcome';
import { clip, jsonBytes } from '../../domain/text';
import { checkedSpec } from '../support/checked-spec';

const now = Date.parse('2026-11-24T10:00:00.000Z');
const at = '2026-11-24T10:00:00.000Z';
const runId = 'r'.repeat(64);
const big = Number.MAX_SAFE_INTEGER;
const checkpoint = {
  step: big,
  attemptNumber: big,
  prefix: `runs/${runId}/checkpoints/${big}-a${big}-${'n'.repeat(32)}/`,
  publishedAt: at,
};
const pool = (n: number) => ({
  instanceType: 'u-18tb1.112xlarge',
  zone: `ap-southeast-2-akl-1${n}`,
});
const record: AttemptRecord = {
  number: big,
  instance: {
    ...pool(1),
    instanceId: 'i-0123456789abcdef0',
    purchase: 'on-demand',
    launchedAt: at,
    isOurs: false,
    pricePerHourUsd: 0.1 + 0.2,
    onDemandPricePerHourUsd: 0.1 + 0.2,
    priceSource: 'spot-price-history',
    onDemandPriceSource: 'table of 2026-11, us-east-1',
  },
  outcome: 'capacity-shortage',
  message: clip('"\n😀'.repeat(1_000), limits.recordMessageBytes),
  reason: clip('"\n😀'.repeat(1_000), limits.recordReasonBytes),
  exitCode: -big,
  signal: 'SIGVTALRM',
  fromStep: big,
  toStep: big,
  startedAt: at,
  endedAt: at,
  billedSeconds: big,
  costUsd: 0.1 + 0.2,
  onDemandCostUsd: 0.1 + 0.2,
  freeBecause: 'interrupted-in-first-hour',
  checkpoint,
};
const alert = { code: 'on-demand-fallback', limit: 1_000_000, value: 1234.56, at } as const;

/** A state in which everything that can be long is as long as it may be. */
function biggest(): AttemptCarryOver {
  let spec = checkedSpec({ runId });
  const room = limits.runSpecBytes - jsonBytes(spec) - 2;
  spec = checkedSpec({ runId, scriptArgs: ['x'.repeat(room)] });
  const recentAttempts = [1, 2, 3, 4, 5].reduce<readonly AttemptRecord[]>(
    (records) => keepRecent(records, record),
    [],
  );
  return {
    ...firstCarryOver(spec),
    attemptNumber: big,
    notBefore: at,
    why: record.message,
    history: {
      interruptionCount: big,
      errorCount: big,
      attemptsWithoutProgress: big,
      bestStep: big,
    },
    checkpoint,
    shortage: { since: at, failedLaunches: big, message: record.message },
    avoidedPools: avoidPools(
      [],
      Array.from({ length: 30 }, (_, n) => pool(n)),
      now,
    ),
    recentAttempts,
    costUsd: 0.1 + 0.2,
    onDemandCostUsd: 0.1 + 0.2,
    staleNoticeCount: big,
    trace: {
      totalSteps: big,
      stepsPerSecond: 0.1 + 0.2,
      losses: joinLosses(
        [],
        Array.from({ length: 100 }, (_, n) => [999_999_999_999_900 + n, -1.234e-300] as const),
      ),
    },
    runStartedAt: at,
    alerts: {
      // A run has no more thresholds than these.
      inForce: Array.from({ length: 4 }, () => `${alert.code} ${alert.limit}`),
      raised: Array.from({ length: limits.raisedAlerts }, () => alert),
      count: big,
    },
  };
}

test('the biggest state that can be carried stays below 10 KB', () => {
  expect(jsonBytes(biggest())).toBeLessThan(limits.carryOverBytes);
  expect(Buffer.byteLength(JSON.stringify(biggest()))).toBe(jsonBytes(biggest()));
});

test('carried state comes through JSON unchanged', () => {
  expect(migrateCarryOver(JSON.parse(JSON.stringify(biggest())))).toEqual(biggest());
});

test('state that an earlier worker wrote gets what it did not know yet', () => {
  const { version, attemptNumber, spec } = biggest();
  expect(migrateCarryOver({ version, attemptNumber, spec })).toEqual({
    ...firstCarryOver(spec),
    attemptNumber,
  });
});

test.each([undefined, null, 'r1', {}, { version: 2, spec: {}, attemptNumber: 1 }, { version: 1 }])(
  '%j is not taken for carried state',
  (input) => {
    expect(migrateCarryOver(input)).toBeNull();
  },
);

test('a text is cut by what it takes in JSON, never inside a character', () => {
  expect(clip('short', 10)).toBe('short');
  const cut = clip('"\n😀'.repeat(100), 50);
  expect(jsonBytes(cut) - 2).toBeLessThanOrEqual(50);
  expect(cut).toMatch(/^("\n😀)+("|"\n)?…$/u);
});
