import { estimateEnd, type RunPace } from '../../domain/estimate-end';
import { limits } from '../../domain/limits';
import { joinLosses, lossCurve, type LossPoint, readLosses } from '../../domain/losses';
import { emptyTrace, extendTrace, readTrace, traceOf } from '../../domain/progress-trace';
import { sparkline } from '../../domain/sparkline';

describe('a curve as a line of text', () => {
  test.each<[readonly number[], number, string]>([
    [[], 10, ''],
    [[1], 10, '▁'],
    [[2, 2, 2], 10, '▁▁▁'],
    [[0, 1, 2, 3, 4, 5, 6, 7], 10, '▁▂▃▄▅▆▇█'],
    [[4, 2, 1, 0.5], 10, '█▄▂▁'],
    [[-1, 0, 1], 10, '▁▅█'],
    [[1, Number.NaN, 2, Number.POSITIVE_INFINITY], 10, '▁█'],
    // Four values on two letters: their means.
    [[8, 6, 2, 0], 2, '█▁'],
  ])('%j in %d letters', (values, width, expected) => {
    expect(sparkline(values, width)).toBe(expected);
  });

  test('a terminal without Unicode gets letters that it has', () => {
    expect(sparkline([7, 6, 5, 4, 3, 2, 1, 0], 8, 'ascii')).toBe('#*+=~-._');
  });

  test('a long curve takes no more than its width', () => {
    const values = Array.from({ length: 10_000 }, (_, index) => 10_000 - index);
    expect(sparkline(values, 24)).toHaveLength(24);
  });
});

const points = (from: number, to: number, loss = 1): LossPoint[] =>
  Array.from({ length: to - from + 1 }, (_, index) => [from + index, loss] as const);

describe('the losses of a run over its attempts', () => {
  test('steps that are trained again replace those that were lost', () => {
    expect(joinLosses(points(1, 6, 9), points(5, 7))).toEqual([
      ...points(1, 4, 9),
      ...points(5, 7),
    ]);
    expect(joinLosses(points(1, 3), [])).toEqual(points(1, 3));
    expect(joinLosses([], points(1, 3))).toEqual(points(1, 3));
  });

  test('however many attempts, they stay few, spread over all steps, and keep the ends', () => {
    let all: readonly LossPoint[] = [];
    for (let attempt = 0; attempt < 50; attempt += 1) {
      all = joinLosses(all, points(attempt * 100 + 1, attempt * 100 + 100));
      expect(all.length).toBeLessThanOrEqual(limits.lossPoints);
    }
    expect([all[0]?.[0], all.at(-1)?.[0]]).toEqual([1, 5_000]);
    const gaps = all.slice(1).map(([step], index) => step - (all[index]?.[0] ?? 0));
    expect(Math.max(...gaps)).toBeLessThan(3 * (5_000 / limits.lossPoints));
  });

  test('a curve gives equal room to equal stretches of steps, however many points they have', () => {
    const dense = [...points(1_000, 1_010, 0)];
    expect(lossCurve([[0, 8], [500, 4], ...dense], 4)).toBe('█▅▅▁');
    expect(lossCurve(points(1, 3), 8)).toBe('▁▁▁');
    expect(lossCurve([], 8)).toBe('');
    expect(lossCurve([[7, 1]], 8)).toBe('▁');
  });

  test.each([null, 'x', {}, [1], [[1]], [[1, 'x']], [[1, Number.NaN]]])(
    '%j holds no losses',
    (input) => {
      expect(readLosses(input)).toEqual([]);
    },
  );
});

test('what an attempt did not tell stays as the run knew it', () => {
  const at = '2026-11-24T10:00:00.000Z';
  const progress = { step: 5, totalSteps: 9, loss: 1, stepsPerSecond: 2, at };
  const first = extendTrace(emptyTrace, traceOf(progress, points(1, 5)));
  expect(first).toEqual({ totalSteps: 9, stepsPerSecond: 2, losses: points(1, 5) });
  expect(extendTrace(first, emptyTrace)).toEqual(first);
  expect(readTrace(JSON.parse(JSON.stringify(first)))).toEqual(first);
  expect(readTrace({ totalSteps: 'x' })).toEqual(emptyTrace);
  expect(readTrace(null)).toEqual(emptyTrace);
});

describe('when a run will be done', () => {
  const startMs = Date.parse('2026-11-24T10:00:00.000Z');
  const at = (seconds: number): string => new Date(startMs + seconds * 1_000).toISOString();
  const going = (fromStep: number | null, start: number) => ({
    fromStep,
    startedAt: at(start),
    endedAt: null,
  });
  const ended = (fromStep: number | null, start: number, end: number) => ({
    fromStep,
    startedAt: at(start),
    endedAt: at(end),
  });
  const estimate = (nowSeconds: number, pace: Partial<RunPace>) =>
    estimateEnd(
      { step: 0, totalSteps: 1_000, stepsPerSecond: null, attempts: [], ...pace },
      startMs + nowSeconds * 1_000,
    );

  test('never interrupted: what is left at the present rate', () => {
    const attempts = [going(0, 0)];
    expect(estimate(160, { step: 200, stepsPerSecond: 2, attempts })).toEqual({
      secondsLeft: 400,
      trainingSeconds: 400,
      expectedInterruptions: 0,
      secondsPerInterruption: 0,
    });
  });

  test('interrupted once in 200 steps: four more are expected, each as long as those so far', () => {
    // 200 steps at 2/s are 100 s; of 220 s that leaves 120 s for two attempts.
    const attempts = [ended(0, 0, 120), going(150, 130)];
    expect(estimate(220, { step: 200, stepsPerSecond: 2, attempts })).toEqual({
      secondsLeft: 400 + 4 * 60,
      trainingSeconds: 400,
      expectedInterruptions: 4,
      secondsPerInterruption: 60,
    });
  });

  test('a run that began at a checkpoint counts its own steps only', () => {
    const attempts = [ended(800, 0, 40), going(850, 50)];
    const found = estimate(100, { step: 900, stepsPerSecond: 2, attempts });
    expect(found).toMatchObject({ trainingSeconds: 50, expectedInterruptions: 1 });
    expect(found?.secondsPerInterruption).toBe(25);
  });

  test('without a rate the whole history is the rate', () => {
    const attempts = [ended(0, 0, 90), going(null, 95)];
    expect(estimate(100, { step: 100, attempts })?.secondsLeft).toBe(900);
  });

  test('a first attempt that waited for capacity counts as one that was lost', () => {
    const attempts = [ended(null, 0, 100), going(0, 100)];
    expect(estimate(200, { step: 100, stepsPerSecond: 1, attempts })).toMatchObject({
      expectedInterruptions: 9,
      secondsPerInterruption: 50,
    });
  });

  test('a rate that was slower before never makes an interruption cost less than nothing', () => {
    const attempts = [ended(0, 0, 10), going(90, 10)];
    const found = estimate(20, { step: 100, stepsPerSecond: 1, attempts });
    expect(found).toMatchObject({ secondsLeft: 900, secondsPerInterruption: 0 });
  });

  test('nothing is said before there is anything to say, and all is done at the last step', () => {
    expect(estimate(10, { attempts: [going(0, 0)] })).toBeNull();
    expect(estimate(10, {})).toBeNull();
    expect(estimate(10, { step: 1_000, attempts: [going(0, 0)] })?.secondsLeft).toBe(0);
    expect(estimate(10, { step: 1_200, stepsPerSecond: 1, attempts: [] })?.secondsLeft).toBe(0);
  });
});
