import fc from 'fast-check';
import { applyIntent, decideNext, type NextStep } from '../../domain/decide-next';
import type { AttemptOutcome } from '../../domain/outcome';
import { countOutcome, emptyHistory, type RunHistory } from '../../domain/run-history';
import { checkedSpec } from '../support/checked-spec';

const outcomes: AttemptOutcome[] = [
  { kind: 'completed', exitCode: 0 },
  { kind: 'interrupted', message: 'a Spot notice came' },
  { kind: 'instance-lost', message: 'EC2 took it back' },
  { kind: 'trainer-lost', message: 'the machine was rebooted' },
  {
    kind: 'trainer-failed',
    failure: { reason: 'exit code 3', isRetried: true, lastLogLines: 'KeyError: loss' },
  },
  { kind: 'capacity-shortage', message: 'No capacity' },
  { kind: 'refused', code: 'launch-refused', message: 'EC2 says no' },
  { kind: 'stopped' },
  { kind: 'cancelled' },
];
const budgets = { maxErrors: 2, maxInterruptions: 3, maxAttemptsWithoutProgress: 4 };
const launched = checkedSpec({ budgets });
const existing = checkedSpec({
  budgets,
  capacity: { kind: 'existing-instance', instanceId: 'i-00000001' },
});

const situations: [string, Partial<RunHistory>, typeof launched][] = [
  ['first of its kind', {}, launched],
  [
    'budgets just kept',
    { errorCount: 2, interruptionCount: 3, attemptsWithoutProgress: 4 },
    launched,
  ],
  ['errors spent', { errorCount: 3 }, launched],
  ['interruptions spent', { interruptionCount: 4 }, launched],
  ['no progress', { attemptsWithoutProgress: 5 }, launched],
  ["on the user's instance", {}, existing],
];

const tell = (step: NextStep): string => {
  switch (step.kind) {
    case 'finish':
      return `finish as ${step.state}`;
    case 'cancel':
      return 'end as cancelled';
    case 'resume':
      return step.afterSeconds === 0 ? 'resume' : `resume after ${step.afterSeconds} s`;
    case 'fail':
      return `fail: ${step.code}`;
  }
};

test('what follows an attempt', () => {
  const table = outcomes.flatMap((outcome) => {
    const rows = situations.map(([name, history, spec]) => {
      const step = decideNext(outcome, { ...emptyHistory, errorCount: 1, ...history }, spec);
      return [name, tell(step)] as const;
    });
    const usual = rows[0]?.[1];
    return rows
      .filter(([, step], index) => index === 0 || step !== usual)
      .map(([name, step], index) => {
        const when = index === 0 ? '' : name;
        return `${outcome.kind.padEnd(17)} | ${when.padEnd(22)} | ${step}`;
      });
  });
  expect(table.join('\n')).toMatchInlineSnapshot(`
   "completed         |                        | finish as completed
   interrupted       |                        | resume
   interrupted       | interruptions spent    | fail: interruption-budget-spent
   interrupted       | no progress            | fail: no-progress
   interrupted       | on the user's instance | resume after 150 s
   instance-lost     |                        | resume
   instance-lost     | interruptions spent    | fail: interruption-budget-spent
   instance-lost     | no progress            | fail: no-progress
   instance-lost     | on the user's instance | fail: instance-lost
   trainer-lost      |                        | resume
   trainer-lost      | interruptions spent    | fail: interruption-budget-spent
   trainer-lost      | no progress            | fail: no-progress
   trainer-failed    |                        | resume
   trainer-failed    | errors spent           | fail: error-budget-spent
   capacity-shortage |                        | fail: capacity-shortage
   refused           |                        | fail: launch-refused
   stopped           |                        | finish as stopped
   cancelled         |                        | end as cancelled"
  `);
});

test('a run that allows no error fails with its first one, and with the last lines of the log', () => {
  const spec = checkedSpec({ budgets: { maxErrors: 0 } });
  const failed = outcomes.find(({ kind }) => kind === 'trainer-failed') ?? { kind: 'stopped' };
  expect(decideNext(failed, countOutcome(emptyHistory, failed, null), spec)).toEqual({
    kind: 'fail',
    code: 'trainer-failed',
    message: 'The trainer failed: exit code 3.\nLast lines of its log:\nKeyError: loss',
  });
});

test('a failure that would come again is not tried again, and says so', () => {
  const failure = { reason: 'ImportError: no x (exit code 1)', isRetried: false, lastLogLines: '' };
  const failed = { kind: 'trainer-failed', failure } as const;
  expect(
    decideNext(failed, countOutcome(emptyHistory, failed, null), checkedSpec({ budgets })),
  ).toEqual({
    kind: 'fail',
    code: 'trainer-failed',
    message: 'The trainer failed: ImportError: no x (exit code 1).',
    next: 'Correct the script, or what it needs, and start the run again. It was not tried again, because the same would happen.',
  });
});

test('interruptions are unlimited as long as checkpoints grow', () => {
  const spec = checkedSpec();
  let history = emptyHistory;
  for (let step = 1; step <= 1_000; step += 1) {
    const outcome: AttemptOutcome = { kind: 'interrupted', message: 'a notice' };
    history = countOutcome(history, outcome, checkpointAt(step));
    expect(decideNext(outcome, history, spec).kind).toBe('resume');
  }
});

test('a run that is interrupted again and again at the same step is ended, whatever else happens', () => {
  const cutShort = fc.constantFrom<AttemptOutcome>(...outcomes.slice(1, 5));
  fc.assert(
    fc.property(fc.array(cutShort, { minLength: 12, maxLength: 40 }), (series) => {
      const spec = checkedSpec({ budgets });
      let history = emptyHistory;
      const steps = series.map((outcome) => {
        history = countOutcome(history, outcome, checkpointAt(7));
        return decideNext(outcome, history, spec).kind;
      });
      expect(steps).toContain('fail');
    }),
  );
});

test('what the user asked for wins over going on, but not over a training that has completed', () => {
  const rows = outcomes.map((outcome) => {
    const [stop, cancel] = [applyIntent(outcome, 'stop'), applyIntent(outcome, 'cancel')];
    return `${outcome.kind.padEnd(17)} | ${stop.kind.padEnd(9)} | ${cancel.kind}`;
  });
  expect(['outcome           | stop      | cancel', ...rows].join('\n')).toMatchInlineSnapshot(`
   "outcome           | stop      | cancel
   completed         | completed | completed
   interrupted       | stopped   | cancelled
   instance-lost     | stopped   | cancelled
   trainer-lost      | stopped   | cancelled
   trainer-failed    | stopped   | cancelled
   capacity-shortage | stopped   | cancelled
   refused           | refused   | cancelled
   stopped           | stopped   | cancelled
   cancelled         | cancelled | cancelled"
  `);
});

const checkpointAt = (step: number) => ({
  step,
  attemptNumber: 1,
  prefix: `runs/r1/checkpoints/${step}-a1-x/`,
  publishedAt: '2026-11-24T10:00:00.000Z',
});
