import { judgeDemo } from '../../client/demo/demo-report';
import { nextDisturbance } from '../../client/demo/storyline';
import type { AttemptLine, RunSnapshot } from '../../client/runs/run-snapshot';
import { attemptLine } from './support/attempt-line';

const attempt = (number: number, outcome: AttemptLine['outcome']): AttemptLine =>
  attemptLine({ number, instanceId: `i-${number}`, outcome, fromStep: 0, toStep: 1 });

function snapshot(step: number, ...attempts: AttemptLine[]): RunSnapshot {
  const at = '2026-11-24T00:00:00.000Z';
  return {
    runId: 'r',
    state: 'training',
    isOver: false,
    message: '',
    attempts,
    checkpoint: null,
    costUsd: 0.3,
    onDemandCostUsd: 0.9,
    savedUsd: 0.6,
    isCostEstimated: true,
    pricePerHourUsd: 6,
    progress: { step, totalSteps: 100, loss: 1, stepsPerSecond: 1, at },
    ...{ step, totalSteps: 100, lossHistory: [], estimate: null },
    trainerPid: null,
    failure: null,
    warnings: [],
  };
}

describe('what the outside world does in the demo', () => {
  test('the first instance gets its notice once it is in the middle', () => {
    expect(nextDisturbance(snapshot(29, attempt(1, null)), 0)).toBeNull();
    expect(nextDisturbance(snapshot(30, attempt(1, null)), 0)).toMatchObject({
      kind: 'notice',
      instanceId: 'i-1',
    });
  });

  test('each happens once, and never to the instance before', () => {
    expect(nextDisturbance(snapshot(90, attempt(1, null)), 1)).toBeNull();
    const second = [attempt(1, 'interrupted'), attempt(2, null)] as const;
    expect(nextDisturbance(snapshot(70, ...second), 1)).toMatchObject({ kind: 'death' });
    expect(nextDisturbance(snapshot(70, ...second), 2)).toBeNull();
  });

  test('nothing happens between two attempts', () => {
    expect(nextDisturbance(snapshot(70, attempt(1, 'interrupted')), 1)).toBeNull();
  });
});

describe('the demo succeeds only when every promise holds', () => {
  const clean = { instances: [], spotRequests: [], processes: [], pidFiles: [], locks: [] };
  const facts = { finalModelSha256: 'a', uninterruptedModelSha256: 'a', leftovers: clean };
  const good: RunSnapshot = {
    ...snapshot(
      100,
      attempt(1, 'interrupted'),
      attempt(2, 'instance-lost'),
      attempt(3, 'completed'),
    ),
    state: 'completed',
  };

  test('as it should be', () => {
    expect(judgeDemo(good, facts).brokenPromises).toEqual([]);
  });

  test.each<[string, RunSnapshot, typeof facts | object]>([
    ['the run failed', { ...good, state: 'failed' }, {}],
    ['nothing was taken away', { ...good, attempts: [attempt(1, 'completed')] }, {}],
    ['the models differ', good, { finalModelSha256: 'b' }],
    ['there is no model', good, { finalModelSha256: null }],
    ['a process is left', good, { leftovers: { ...clean, processes: ['1 python3'] } }],
  ])('not when %s', (_name, run, change) => {
    expect(judgeDemo(run, { ...facts, ...change }).brokenPromises).toHaveLength(1);
  });
});
