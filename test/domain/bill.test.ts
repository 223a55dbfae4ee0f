import fc from 'fast-check';
import {
  billFor,
  estimateRunningAt,
  instanceHourAt,
  savedShare,
  secondsUntilLimit,
  type BilledTurn,
  type PriceChange,
} from '../../domain/bill';
import { spotPricePerHourUsd, SPOT_PRICE_PERIOD_MS } from '../../local-cloud/catalogue/spot-price';
import { instanceCostUsd } from '../../local-cloud/world/bill';
import type { InstanceRecord } from '../../local-cloud/world/records';

const runningAt = '2026-11-24T10:00:00.000Z';
const after = (seconds: number): string =>
  new Date(Date.parse(runningAt) + seconds * 1_000).toISOString();
const spotPrices: readonly PriceChange[] = [
  { at: '2026-11-24T08:00:00.000Z', pricePerHourUsd: 0.36 },
  { at: '2026-11-24T10:30:00.000Z', pricePerHourUsd: 0.72 },
];
const turn = (seconds: number, changes: Partial<BilledTurn> = {}): BilledTurn => ({
  purchase: 'spot',
  runningAt,
  endedAt: after(seconds),
  isTakenByEc2: false,
  spotPrices,
  onDemandPricePerHourUsd: 1.08,
  ...changes,
});

test.each<[string, BilledTurn, Partial<ReturnType<typeof billFor>>]>([
  ['by the second', turn(1_000), { billedSeconds: 1_000, costUsd: 0.1, onDemandCostUsd: 0.3 }],
  ['a minute at least', turn(5), { billedSeconds: 60, costUsd: 0.006, onDemandCostUsd: 0.018 }],
  [
    'for each instance-hour what the pool cost when that hour began',
    turn(3_600 + 1_800),
    { billedSeconds: 5_400, costUsd: 0.36 + 0.36, onDemandCostUsd: 1.62 },
  ],
  [
    'nothing for a Spot instance that EC2 takes back in its first hour',
    turn(3_599, { isTakenByEc2: true }),
    { billedSeconds: 0, costUsd: 0, freeBecause: 'interrupted-in-first-hour' },
  ],
  [
    'by the second again from the second hour on',
    turn(3_600, { isTakenByEc2: true }),
    { billedSeconds: 3_600, costUsd: 0.36, freeBecause: null },
  ],
  [
    'by the second for one that somebody else ends in its first hour',
    turn(3_599),
    { billedSeconds: 3_599, freeBecause: null },
  ],
  [
    'nothing for one that never ran',
    turn(50, { runningAt: null }),
    { billedSeconds: 0, costUsd: 0, onDemandCostUsd: 0, freeBecause: 'never-ran' },
  ],
  [
    'On-Demand at its price, also when its host fails in the first hour',
    turn(1_000, { purchase: 'on-demand', isTakenByEc2: true }),
    { billedSeconds: 1_000, costUsd: 0.3, onDemandCostUsd: 0.3 },
  ],
  [
    'the On-Demand price where no Spot price is known',
    turn(1_000, { spotPrices: [] }),
    { costUsd: 0.3, onDemandCostUsd: 0.3 },
  ],
  [
    'nothing saved where no list price is known',
    turn(1_000, { onDemandPricePerHourUsd: null }),
    { costUsd: 0.1, onDemandCostUsd: 0.1 },
  ],
])('EC2 bills %s', (_what, given, expected) => {
  const bill = billFor(given);
  for (const [name, value] of Object.entries(expected)) {
    const seen = bill[name as keyof typeof bill];
    if (typeof value === 'number') expect(seen).toBeCloseTo(value, 12);
    else expect(seen).toBe(value);
  }
});

/** A random life: when it ran, for how long, how it ended, and what its pool cost meanwhile. */
const lives = fc.record({
  fromSecond: fc.integer({ min: 1_790_000_000, max: 1_800_000_000 }),
  usedSeconds: fc.oneof(
    fc.integer({ min: 0, max: 120 }),
    fc.integer({ min: 3_500, max: 3_700 }),
    fc.integer({ min: 0, max: 100_000 }),
  ),
  purchase: fc.constantFrom('spot' as const, 'on-demand' as const),
  isTakenByEc2: fc.boolean(),
  changes: fc.array(
    fc.tuple(fc.integer({ min: -90_000, max: 100_000 }), fc.integer({ min: 1, max: 98_000_000 })),
    { maxLength: 12 },
  ),
});

test('the bill of any life is what counting second by second gives', () => {
  fc.assert(
    fc.property(lives, ({ fromSecond, usedSeconds, purchase, isTakenByEc2, changes }) => {
      const iso = (second: number): string => new Date(second * 1_000).toISOString();
      const prices = [[-100_000, 500_000] as const, ...changes]
        .toSorted(([one], [other]) => one - other)
        .map(([at, micro]) => ({ at: iso(fromSecond + at), pricePerHourUsd: micro / 1e6 }));
      const bill = billFor({
        purchase,
        runningAt: iso(fromSecond),
        endedAt: iso(fromSecond + usedSeconds),
        isTakenByEc2,
        spotPrices: prices,
        onDemandPricePerHourUsd: 1.006,
      });
      const isFree = purchase === 'spot' && isTakenByEc2 && usedSeconds < 3_600;
      let expected = 0;
      let price = NaN;
      for (let second = 0; second < Math.max(usedSeconds, 60) && !isFree; second += 1) {
        if (second % 3_600 === 0) {
          const now = (fromSecond + second) * 1_000;
          const inEffect = prices.filter(({ at }) => Date.parse(at) <= now).at(-1);
          price = purchase === 'spot' ? (inEffect?.pricePerHourUsd ?? NaN) : 1.006;
        }
        expected += price / 3_600;
      }
      expect(Math.abs(bill.costUsd - expected)).toBeLessThan(1e-6 * Math.max(1, expected));
    }),
    { numRuns: 100, seed: 20_261_125 },
  );
});

test("our bill and the local cloud's agree for any life, to a millionth of a dollar", () => {
  fc.assert(
    fc.property(
      lives,
      fc.constantFrom('g5.xlarge', 't3.micro', 'p5.48xlarge'),
      fc.nat(999),
      ({ fromSecond, usedSeconds, purchase, isTakenByEc2 }, instanceType, millisecond) => {
        const fromMs = fromSecond * 1_000 + millisecond;
        const toMs = (fromSecond + usedSeconds) * 1_000 + 999 - millisecond;
        const [from, to] = [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
        const zone = 'us-east-1b';
        const changes: PriceChange[] = [];
        const step = SPOT_PRICE_PERIOD_MS;
        for (let at = Math.floor(fromMs / step) * step; at <= toMs; at += step) {
          const pricePerHourUsd = spotPricePerHourUsd(instanceType, zone, at);
          changes.push({ at: new Date(at).toISOString(), pricePerHourUsd });
        }
        const code = isTakenByEc2 ? 'Server.SpotInstanceTermination' : 'Client.UserInitiated';
        const record = {
          ...{ instanceType, zone, purchase, billed: [{ from, to }] },
          stateReason: { code, message: '', transition: '' },
        } as unknown as InstanceRecord; // the bill reads these fields only
        const listed = { 'g5.xlarge': 1.006, 't3.micro': 0.0104, 'p5.48xlarge': 55.04 };
        const bill = billFor({
          ...{ purchase, runningAt: from, endedAt: to, isTakenByEc2, spotPrices: changes },
          onDemandPricePerHourUsd: listed[instanceType],
        });
        expect(Math.abs(bill.costUsd - instanceCostUsd(record, new Date(toMs)))).toBeLessThan(1e-6);
      },
    ),
    { numRuns: 200, seed: 20_261_125 },
  );
});

test.each([
  ['between the looks that saw it pending and running', 4, 8, 6],
  ['between the launch and the first look', null, 8, 4],
  ['at the last look that saw it pending, when nobody looked for long', 4, 500, 4],
  ['at the launch, when nobody looked before for long', null, 500, 0],
])('an instance counts as running %s', (_when, pending, running, expected) => {
  const seen = {
    launchedAt: after(0),
    pendingAt: pending === null ? null : after(pending),
    seenRunningAt: after(running),
  };
  expect(estimateRunningAt(seen)).toBe(after(expected));
});

test.each([
  ['after as long as the money lasts', 5, 1, 2, 7_200],
  ['after the first minute at the earliest, which is owed anyway', 0.01, 0, 36, 60],
  ['after that minute too when nothing is left', 1, 2, 1, 60],
  ['never without a limit', null, 0, 2, null],
  ['never where no price is known', 5, 0, null, null],
  ['never where it costs nothing', 5, 0, 0, null],
])('a run reaches its limit %s', (_when, maxCostUsd, endedCostUsd, pricePerHourUsd, expected) => {
  expect(secondsUntilLimit({ maxCostUsd, endedCostUsd, pricePerHourUsd })).toBe(expected);
});

test('an instance-hour begins every hour after the instance ran', () => {
  const hourAt = (seconds: number) => instanceHourAt(runningAt, Date.parse(after(seconds)));
  expect([hourAt(-5), hourAt(3_599), hourAt(3_600), hourAt(9_000)]).toEqual(
    [0, 0, 3_600, 7_200].map((seconds) => Date.parse(after(seconds))),
  );
});

test('what is saved is a share of the On-Demand cost, and none of nothing', () => {
  expect(savedShare(0.25, 1)).toBe(0.75);
  expect(savedShare(0, 0)).toBe(0);
});
