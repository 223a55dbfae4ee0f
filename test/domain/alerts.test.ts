import {
  decideAlerts,
  isNews,
  noAlerts,
  raiseAlerts,
  type AlertThresholds,
  type Observed,
} from '../../domain/alerts';
import { limits } from '../../domain/limits';

const thresholds: AlertThresholds = {
  runHours: 24,
  runUsd: 10,
  runUsdPerHour: 5,
  warnsOfFallback: true,
  accountUsdPerHour: [25, 50],
  accountUsdPerDay: 1_000,
  instanceCount: 10,
};
const run = (changes: Partial<Observed & { kind: 'run' }> = {}): Observed => ({
  ...{ kind: 'run', ageHours: 1, costUsd: 1, pricePerHourUsd: 1, isFallback: false },
  ...changes,
});
const account = (changes: Partial<Observed & { kind: 'account' }> = {}): Observed => ({
  ...{ kind: 'account', pricePerHourUsd: 1, instanceCount: 1 },
  ...changes,
});
const codesOf = (observed: Observed, inForce: readonly string[] = []): string[] =>
  decideAlerts(observed, thresholds, inForce).raised.map(({ code, limit }) => `${code} ${limit}`);

test.each<[string, Observed, string[]]>([
  ['nothing of a run within its limits', run(), []],
  ['a run of exactly 24 hours: not yet', run({ ageHours: 24 }), []],
  ['a run of more than 24 hours', run({ ageHours: 24.01 }), ['run-hours 24']],
  ['a run that has cost more than $10', run({ costUsd: 10.01 }), ['run-cost 10']],
  ['a run of more than $5 an hour', run({ pricePerHourUsd: 5.5 }), ['run-price 5']],
  ['a run whose price is not known: nothing', run({ pricePerHourUsd: null }), []],
  ['a fallback to On-Demand', run({ isFallback: true }), ['on-demand-fallback 0']],
  ['an account of more than $25 an hour', account({ pricePerHourUsd: 26 }), ['account-price 25']],
  [
    'an account of more than $50 an hour, which is past all three',
    account({ pricePerHourUsd: 51 }),
    ['account-price 25', 'account-price 50', 'account-day 1000'],
  ],
  ['nine instances: not yet', account({ instanceCount: 9 }), []],
  ['ten instances', account({ instanceCount: 10 }), ['instance-count 10']],
])('people are warned of %s', (_what, observed, expected) => {
  expect(codesOf(observed)).toEqual(expected);
});

test('what a run has cost warns once, although an instance that is taken back in its first hour is free', () => {
  const costs = [9, 10.2, 9.9, 10.1, 0, 11];
  let inForce: readonly string[] = [];
  const warnings = costs.map((costUsd) => {
    const update = decideAlerts(run({ costUsd }), thresholds, inForce);
    inForce = update.inForce;
    return update.raised.length;
  });
  expect(warnings).toEqual([0, 1, 0, 0, 0, 0]);
});

test('a threshold that is crossed warns once, and again only after it was below', () => {
  const prices = [6, 7, 6, 4, 6, null, 6, 5, 5.01];
  let inForce: readonly string[] = [];
  const warnings = prices.map((pricePerHourUsd) => {
    const update = decideAlerts(run({ pricePerHourUsd }), thresholds, inForce);
    inForce = update.inForce;
    return update.raised.length;
  });
  expect(warnings).toEqual([1, 0, 0, 0, 1, 0, 0, 0, 1]);
});

test('each threshold of a list is a crossing of its own', () => {
  const first = decideAlerts(account({ pricePerHourUsd: 30 }), thresholds, []);
  expect(codesOf(account({ pricePerHourUsd: 60 }), first.inForce)).toEqual([
    'account-price 50',
    'account-day 1000',
  ]);
});

test('another threshold in the configuration warns anew', () => {
  const { inForce } = decideAlerts(run({ costUsd: 12 }), thresholds, []);
  const raised = { ...thresholds, runUsd: 11 };
  expect(decideAlerts(run({ costUsd: 12 }), raised, inForce).raised).toMatchObject([{ limit: 11 }]);
});

test('what is switched off never warns', () => {
  const off: AlertThresholds = {
    ...{ runHours: null, runUsd: null, runUsdPerHour: null, warnsOfFallback: false },
    ...{ accountUsdPerHour: [], accountUsdPerDay: null, instanceCount: null },
  };
  const much = { ageHours: 1e9, costUsd: 1e9, pricePerHourUsd: 1e9, isFallback: true };
  expect(decideAlerts(run(much), off, []).raised).toEqual([]);
  expect(decideAlerts(account({ pricePerHourUsd: 1e9, instanceCount: 1e9 }), off, [])).toEqual({
    raised: [],
    inForce: [],
  });
});

test('a look is news when it raises something, or when something fell below', () => {
  const dear = run({ pricePerHourUsd: 12 });
  const crossed = decideAlerts(dear, thresholds, []);
  expect(isNews(crossed, [])).toBe(true);
  expect(isNews(decideAlerts(dear, thresholds, crossed.inForce), crossed.inForce)).toBe(false);
  expect(isNews(decideAlerts(run(), thresholds, crossed.inForce), crossed.inForce)).toBe(true);
  expect(isNews(decideAlerts(run(), thresholds, []), [])).toBe(false);
});

test('every alert has a key of its own, and says what happened and what to do', () => {
  const of = { runId: 'r1', scope: 'run/r1', at: '2026-11-24T10:00:00.000Z' };
  const crossed = decideAlerts(run({ costUsd: 12, ageHours: 30 }), thresholds, []);
  const first = raiseAlerts(noAlerts, crossed, of);
  const again = raiseAlerts(first.state, { raised: crossed.raised, inForce: [] }, of);
  const keys = [...first.alerts, ...again.alerts].map(({ key }) => key);
  expect(keys).toEqual([
    'run/r1/1-run-hours',
    'run/r1/2-run-cost',
    'run/r1/3-run-hours',
    'run/r1/4-run-cost',
  ]);
  expect(first.alerts[1]).toMatchObject({
    code: 'run-cost',
    runId: 'r1',
    value: 12,
    limit: 10,
    message: 'Run r1 has cost $12.0000 so far (more than $10).',
    text: 'Run r1 has cost $12.0000 so far (more than $10).',
    next: expect.stringContaining('runctl aws stop r1') as unknown,
  });
});

test('what is in force is remembered, however many thresholds there are', () => {
  const many = { ...thresholds, accountUsdPerHour: [10, 20, 30, 40, 50, 60] };
  const update = decideAlerts(account({ pricePerHourUsd: 70, instanceCount: 12 }), many, []);
  const of = { runId: null, scope: 'account', at: '2026-11-24T10:00:00.000Z' };
  const { state } = raiseAlerts(noAlerts, update, of);
  expect(state.raised).toHaveLength(8);
  expect(raiseAlerts(state, { raised: [], inForce: [] }, of).state.raised).toHaveLength(
    limits.raisedAlerts,
  );
});

test('of what is no longer in force only the last few alerts are remembered', () => {
  const of = { runId: 'r1', scope: 'run/r1', at: '2026-11-24T10:00:00.000Z' };
  let state = noAlerts;
  for (let price = 6; price < 30; price += 1) {
    const update = {
      raised: [{ code: 'run-price', limit: 5, value: price }],
      inForce: [],
    } as const;
    ({ state } = raiseAlerts(state, update, of));
  }
  expect(state.raised.map(({ value }) => value)).toEqual([26, 27, 28, 29]);
  expect(state.raised).toHaveLength(limits.raisedAlerts);
  expect(state.count).toBe(24);
});
