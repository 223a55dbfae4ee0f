import { judgeCompletion, type Observation } from '../../domain/judge-completion';
import { formatOutcome } from '../../domain/format';
import type { StopCause, TrainerResult } from '../../domain/supervisor-report';
import { applyIntent, decideNext } from '../../domain/decide-next';
import { emptyHistory } from '../../domain/run-history';
import { checkedSpec } from '../support/checked-spec';
import { trainerResult } from '../support/trainer-result';

const stopCauses: StopCause[] = [
  'own-accord',
  'interruption',
  'stop',
  'force-stop',
  'lease-expired',
  'hung',
  'hung-after-completion',
];

const ends: [string, Partial<TrainerResult>][] = [
  ['exit 0', { exitCode: 0 }],
  ['exit 1', { exitCode: 1 }],
  ['SIGKILL', { exitCode: null, signal: 'SIGKILL' }],
  ['no record', { exitCode: null, signal: null }],
];

// The result ends at 10:00:00.
const notice = {
  action: 'terminate',
  time: '2026-11-24T10:01:58Z',
  seenAt: '2026-11-24T09:59:58Z',
};

const ended = (result: Partial<TrainerResult>, hasNotice = false): Observation => ({
  kind: 'trainer-ended',
  result: trainerResult(result),
  notice: hasNotice ? notice : null,
});

const kindOf = (seen: Observation, isNoticed = false) => judgeCompletion(seen, isNoticed).kind;

test('every way in which a trainer can end has one outcome', () => {
  const rows = stopCauses.flatMap((stopCause) =>
    ends.map(([name, end]) => {
      const judge = (hasMarker: boolean, isNoticed: boolean, hasSeenNotice: boolean) =>
        kindOf(ended({ ...end, stopCause, hasMarker }, hasSeenNotice), isNoticed).padEnd(14);
      const row = [
        judge(false, false, false),
        judge(true, false, false),
        judge(false, true, false),
        judge(false, true, true),
        judge(true, true, true),
      ];
      return `${stopCause.padEnd(21)} | ${name.padEnd(9)} | ${row.join(' | ')}`.trim();
    }),
  );
  const head =
    'stop cause            | end       | as it is       | with marker    | notice sent    | notice seen    | seen, marker';
  expect([head, ...rows].join('\n')).toMatchInlineSnapshot(`
   "stop cause            | end       | as it is       | with marker    | notice sent    | notice seen    | seen, marker
   own-accord            | exit 0    | completed      | completed      | completed      | interrupted    | completed
   own-accord            | exit 1    | trainer-failed | trainer-failed | interrupted    | interrupted    | interrupted
   own-accord            | SIGKILL   | trainer-failed | trainer-failed | interrupted    | interrupted    | interrupted
   own-accord            | no record | trainer-lost   | trainer-lost   | interrupted    | interrupted    | interrupted
   interruption          | exit 0    | trainer-lost   | completed      | interrupted    | interrupted    | completed
   interruption          | exit 1    | trainer-lost   | trainer-lost   | interrupted    | interrupted    | interrupted
   interruption          | SIGKILL   | trainer-lost   | trainer-lost   | interrupted    | interrupted    | interrupted
   interruption          | no record | trainer-lost   | trainer-lost   | interrupted    | interrupted    | interrupted
   stop                  | exit 0    | stopped        | completed      | stopped        | stopped        | completed
   stop                  | exit 1    | stopped        | stopped        | stopped        | stopped        | stopped
   stop                  | SIGKILL   | stopped        | stopped        | stopped        | stopped        | stopped
   stop                  | no record | stopped        | stopped        | stopped        | stopped        | stopped
   force-stop            | exit 0    | stopped        | completed      | stopped        | stopped        | completed
   force-stop            | exit 1    | stopped        | stopped        | stopped        | stopped        | stopped
   force-stop            | SIGKILL   | stopped        | stopped        | stopped        | stopped        | stopped
   force-stop            | no record | stopped        | stopped        | stopped        | stopped        | stopped
   lease-expired         | exit 0    | instance-lost  | completed      | instance-lost  | instance-lost  | completed
   lease-expired         | exit 1    | instance-lost  | instance-lost  | instance-lost  | instance-lost  | instance-lost
   lease-expired         | SIGKILL   | instance-lost  | instance-lost  | instance-lost  | instance-lost  | instance-lost
   lease-expired         | no record | instance-lost  | instance-lost  | instance-lost  | instance-lost  | instance-lost
   hung                  | exit 0    | trainer-failed | completed      | trainer-failed | trainer-failed | completed
   hung                  | exit 1    | trainer-failed | trainer-failed | trainer-failed | trainer-failed | trainer-failed
   hung                  | SIGKILL   | trainer-failed | trainer-failed | trainer-failed | trainer-failed | trainer-failed
   hung                  | no record | trainer-failed | trainer-failed | trainer-failed | trainer-failed | trainer-failed
   hung-after-completion | exit 0    | completed      | completed      | completed      | completed      | completed
   hung-after-completion | exit 1    | completed      | completed      | completed      | completed      | completed
   hung-after-completion | SIGKILL   | completed      | completed      | completed      | completed      | completed
   hung-after-completion | no record | completed      | completed      | completed      | completed      | completed"
  `);
});

test('a marker with exit 1 is a failure, with a warning', () => {
  const outcome = judgeCompletion(ended({ exitCode: 1, hasMarker: true }), false);
  expect(outcome).toMatchObject({
    kind: 'trainer-failed',
    failure: { reason: 'exit code 1', isRetried: true },
    warning: 'the script had written its completion marker before it failed',
  });
});

test('what the supervisor has to tell of the end is told with every outcome', () => {
  const warning = '3 outputs were not uploaded';
  const told = (result: Partial<TrainerResult>): string =>
    formatOutcome(judgeCompletion(ended({ ...result, warning }), false));
  expect(told({})).toBe('3 outputs were not uploaded');
  expect(told({ exitCode: 1 })).toBe('exit code 1; 3 outputs were not uploaded');
  expect(told({ exitCode: 1, hasMarker: true })).toBe(
    'exit code 1; the script had written its completion marker before it failed; 3 outputs were not uploaded',
  );
  expect(told({ stopCause: 'stop' })).toBe('stopped as asked; 3 outputs were not uploaded');
  expect(told({ stopCause: 'interruption' })).toMatch(/; 3 outputs were not uploaded$/);
  // What the user asked for does not hide it.
  const failed = judgeCompletion(ended({ exitCode: 1, warning }), false);
  expect(formatOutcome(applyIntent(failed, 'cancel'))).toMatch(/^cancelled as asked; 3 outputs/);
  expect(decideNext(applyIntent(failed, 'stop'), emptyHistory, checkedSpec({}))).toEqual({
    kind: 'finish',
    state: 'stopped',
    warning,
  });
});

test('a notice that comes after the script has ended by itself changes nothing', () => {
  const late = { ...notice, seenAt: '2026-11-24T10:00:01Z' };
  const judge = (exitCode: number) =>
    kindOf({ kind: 'trainer-ended', result: trainerResult({ exitCode }), notice: late });
  expect(judge(0)).toBe('completed');
  expect(judge(1)).toBe('trainer-failed');
});

test('a line of the log that matches is the word of the script, as a marker is', () => {
  const judge = (end: Partial<TrainerResult>) =>
    judgeCompletion(ended({ ...end, hasLogMatch: true }), true);
  expect(judge({ exitCode: 0, stopCause: 'interruption' }).kind).toBe('completed');
  expect(judge({ exitCode: 0, stopCause: 'stop' }).kind).toBe('completed');
  expect(judgeCompletion(ended({ exitCode: 1, hasLogMatch: true }), false)).toMatchObject({
    kind: 'trainer-failed',
    warning: 'the script had said in its log that it was done before it failed',
  });
});

test('a machine that was shut down without a notice is told as that', () => {
  expect(formatOutcome(judgeCompletion(ended({ stopCause: 'interruption' }), false))).toBe(
    'the machine was rebooted or shut down before the script had ended',
  );
});

test('a hang is a failure that says how long nothing was heard', () => {
  const outcome = judgeCompletion(
    ended({ exitCode: null, signal: 'SIGTERM', stopCause: 'hung', quietSeconds: 600 }),
    false,
  );
  expect(outcome).toMatchObject({
    kind: 'trainer-failed',
    failure: { reason: 'hung: no progress and no log for 600 s', isRetried: true },
  });
});

describe('what the log explains is the reason', () => {
  const knownFailure = { reason: "ImportError: No module named 'x'", isRetried: false };
  const reason = (end: Partial<TrainerResult>) => {
    const outcome = judgeCompletion(ended({ exitCode: 1, knownFailure, ...end }), false);
    if (outcome.kind !== 'trainer-failed') throw new Error(outcome.kind);
    return [outcome.failure.reason, outcome.failure.isRetried];
  };

  test('of a script that failed by itself, with how it ended', () => {
    expect(reason({})).toEqual(["ImportError: No module named 'x' (exit code 1)", false]);
    expect(reason({ exitCode: null, signal: 'SIGABRT' })).toEqual([
      "ImportError: No module named 'x' (killed by SIGABRT)",
      false,
    ]);
  });

  test('not of one that somebody else killed', () => {
    expect(reason({ exitCode: null, signal: 'SIGKILL' })).toEqual(['killed by SIGKILL', true]);
    expect(reason({ exitCode: 137, isOutOfMemory: true })).toEqual([
      'exit code 137 (out of memory)',
      true,
    ]);
  });
});

test('a script that hangs after it said that it was done has completed, with a warning', () => {
  const end = { exitCode: null, signal: 'SIGKILL', stopCause: 'hung-after-completion' } as const;
  expect(formatOutcome(judgeCompletion(ended({ ...end, hasMarker: true }), false))).toBe(
    'the script said that it was done but did not exit, and was ended (killed by SIGKILL)',
  );
});

test('a trainer killed for want of memory says so', () => {
  const end = { exitCode: null, signal: 'SIGKILL', isOutOfMemory: true };
  expect(formatOutcome(judgeCompletion(ended(end), false))).toBe(
    'killed by SIGKILL (out of memory)',
  );
});

const others: [Observation, string, string][] = [
  [
    { kind: 'instance-gone', gone: { code: 'Server.SpotInstanceTermination', message: '' } },
    'instance-lost: EC2 took the Spot instance back, and no notice was heard',
    'interrupted: EC2 took the instance back after a notice',
  ],
  [
    { kind: 'instance-gone', gone: { code: '', message: '' } },
    'instance-lost: the instance is gone (EC2 gives no reason)',
    'interrupted: EC2 took the instance back after a notice',
  ],
  [
    { kind: 'trainer-lost', message: 'the machine was rebooted' },
    'trainer-lost: the machine was rebooted',
    'trainer-lost: the machine was rebooted',
  ],
  [
    { kind: 'preparation-failed', code: 'code-missing', message: 'no such archive' },
    'refused: code-missing: no such archive',
    'refused: code-missing: no such archive',
  ],
  [
    { kind: 'resume-ignored', firstStep: 0, expectedStep: 120 },
    'refused: resume-ignored: The script began at step 0 although it was given the checkpoint of step 120.',
    'refused: resume-ignored: The script began at step 0 although it was given the checkpoint of step 120.',
  ],
];

test.each(others)('%j without a notice is %s', (seen, without, withNotice) => {
  const judge = (isNoticed: boolean) => {
    const outcome = judgeCompletion(seen, isNoticed);
    return `${outcome.kind}: ${formatOutcome(outcome)}`;
  };
  expect(judge(false)).toBe(without);
  expect(judge(true)).toBe(withNotice);
});
