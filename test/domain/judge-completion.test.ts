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
  'hung-after-completion',
];

const ends: [string, Partial<TrainerResult>][] = [
  ['exit 0', { exitCode: 0 }],
  ['exit 1', { exitCode: 1 }],
  ['SIGKILL', { exitCode: null, signal: 'SIGKILL' }],
  ['no record', { exitCode: null, signal: null }],
];

const notice = {
  action: 'terminate',
  time: '2026-11-24T10:02:00Z',
  seenAt: '2026-11-24T10:00:00Z',
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
   interruption          | exit 0    | interrupted    | completed      | interrupted    | interrupted    | completed
   interruption          | exit 1    | interrupted    | interrupted    | interrupted    | interrupted    | interrupted
   interruption          | SIGKILL   | interrupted    | interrupted    | interrupted    | interrupted    | interrupted
   interruption          | no record | interrupted    | interrupted    | interrupted    | interrupted    | interrupted
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
    failure: { reason: 'exit code 1', exitCode: 1 },
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
  expect(told({ stopCause: 'interruption' })).toMatch(/^a Spot notice came.*; 3 outputs/);
  // What the user asked for does not hide it.
  const failed = judgeCompletion(ended({ exitCode: 1, warning }), false);
  expect(formatOutcome(applyIntent(failed, 'cancel'))).toMatch(/^cancelled as asked; 3 outputs/);
  expect(decideNext(applyIntent(failed, 'stop'), emptyHistory, checkedSpec({}))).toEqual({
    kind: 'finish',
    state: 'stopped',
    warning,
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
