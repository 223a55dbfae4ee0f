import {
  avoidPools,
  decidePlacement,
  purchaseFor,
  stillAvoided,
} from '../../domain/decide-placement';
import { checkedSpec } from '../support/checked-spec';

const start = Date.parse('2026-11-24T10:00:00.000Z');

/** Tries to launch until something else is decided, in a region without capacity. */
function placeInVain(capacity: object, maxCapacityWaitSeconds: number): string[] {
  const spec = checkedSpec({
    capacity: { kind: 'launch', instanceTypes: ['g5.xlarge'], ...capacity },
    budgets: { maxCapacityWaitSeconds },
  });
  const story: string[] = [];
  let now = start;
  for (let failedLaunches = 1; failedLaunches < 100; failedLaunches += 1) {
    story.push(purchaseFor(spec.capacity, failedLaunches - 1));
    const shortage = { since: new Date(start).toISOString(), failedLaunches, message: 'None.' };
    const step = decidePlacement(shortage, spec.capacity, spec.budgets, now);
    if (step.kind === 'give-up') return [...story, step.message];
    if (step.kind === 'wait') {
      story.push(`${step.seconds} s`);
      now += step.seconds * 1000;
    }
  }
  return story;
}

test('without a fallback Spot is asked again and again, until the wait has used up its budget', () => {
  expect(placeInVain({}, 200)).toEqual([
    'spot',
    '15 s',
    'spot',
    '30 s',
    'spot',
    '60 s',
    'spot',
    '95 s',
    'spot',
    'No capacity after 5 tries in 200 seconds. None.',
  ]);
});

test('with a fallback Spot has two tries, then On-Demand and Spot take turns', () => {
  expect(placeInVain({ fallback: 'on-demand' }, 200)).toEqual([
    'spot',
    '15 s',
    'spot',
    'on-demand',
    '60 s',
    'spot',
    'on-demand',
    '125 s',
    'spot',
    'on-demand',
    'No capacity after 7 tries in 200 seconds. None.',
  ]);
});

test('a run that may not wait still falls back', () => {
  const story = placeInVain({ fallback: 'on-demand' }, 0);
  expect(story).toContain('on-demand');
  expect(story.at(-1)).toMatch(/^No capacity after/);
});

test('a shortage of On-Demand is waited for like any other', () => {
  expect(placeInVain({ purchase: 'on-demand', fallback: 'on-demand' }, 20).slice(0, 4)).toEqual([
    'on-demand',
    '15 s',
    'on-demand',
    '5 s',
  ]);
});

test('a pool that failed is avoided for ten minutes, and eight pools at most', () => {
  const pool = (n: number) => ({ instanceType: 'g5.xlarge', zone: `us-east-1${n}` });
  const first = avoidPools([], [pool(0)], start);
  expect(stillAvoided(first, start + 599_000)).toHaveLength(1);
  expect(stillAvoided(first, start + 600_000)).toHaveLength(0);
  const many = avoidPools(first, [1, 2, 3, 4, 5, 6, 7, 8, 9].map(pool), start + 1_000);
  expect(many.map(({ zone }) => zone.at(-1)).join('')).toBe('23456789');
  expect(avoidPools(many, [pool(9)], start + 2_000)).toHaveLength(8);
});
