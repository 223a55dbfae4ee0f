import fc from 'fast-check';
import { judgeNotice, readNotice, secondsToSave } from '../../domain/notice';

const nothing = { instanceId: null, noticeAt: null, source: null };

test.each([
  ['nothing', undefined, nothing],
  ['null', null, nothing],
  ['an empty object', {}, nothing],
  ['a list', ['i-00000001'], nothing],
  ['a number', 7, nothing],
  ['words', 'please stop', nothing],
  ['an instance id as text', ' i-00000001 ', { ...nothing, instanceId: 'i-00000001' }],
  ['fields of wrong types', { instanceId: 7, noticeAt: {}, source: [] }, nothing],
  ['a moment that is none', { noticeAt: 'soon' }, nothing],
  [
    'our own fields',
    { instanceId: 'i-00000001', noticeAt: '2026-11-24T10:00:00Z', source: 'drill' },
    { instanceId: 'i-00000001', noticeAt: '2026-11-24T10:00:00.000Z', source: 'drill' },
  ],
  [
    "AWS's own event",
    {
      'detail-type': 'EC2 Spot Instance Interruption Warning',
      source: 'aws.ec2',
      time: '2026-11-24T10:00:00Z',
      detail: { 'instance-id': 'i-00000001', 'instance-action': 'terminate' },
    },
    { instanceId: 'i-00000001', noticeAt: '2026-11-24T10:00:00.000Z', source: 'aws.ec2' },
  ],
])('a signal that carries %s is a notice', (_, input, notice) => {
  expect(readNotice(input)).toEqual(notice);
});

test('whatever JSON a signal carries, it is read without an error', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (input) => {
      const { instanceId } = readNotice(input);
      expect(instanceId === null || typeof instanceId === 'string').toBe(true);
    }),
  );
});

test('what becomes of a notice', () => {
  const today = { instanceId: 'i-1', isLaunchInFlight: false, isInterrupted: false };
  const situations = {
    'before the first launch': { ...today, instanceId: null },
    'during a launch': { ...today, instanceId: null, isLaunchInFlight: true },
    'while the instance lives': today,
    'after the first notice': { ...today, isInterrupted: true },
  };
  const table = Object.entries(situations).map(([name, context]) => {
    const judge = (instanceId: string | null) =>
      judgeNotice({ ...nothing, instanceId }, context).padEnd(9);
    return `${name.padEnd(24)} | ${judge('i-1')} | ${judge('i-2')} | ${judge(null)}`.trim();
  });
  const head = 'when                     | its name  | another   | no name';
  expect([head, ...table].join('\n')).toMatchInlineSnapshot(`
   "when                     | its name  | another   | no name
   before the first launch  | stale     | stale     | stale
   during a launch          | keep      | keep      | stale
   while the instance lives | apply     | stale     | apply
   after the first notice   | duplicate | stale     | duplicate"
  `);
});

test('a notice leaves less time the older it is, but saving is always tried', () => {
  const now = Date.parse('2026-11-24T10:00:00Z');
  const given = (noticeAt: string | null) => secondsToSave({ ...nothing, noticeAt }, now);
  expect(given(null)).toBe(115);
  expect(given('2026-11-24T09:59:30Z')).toBe(85);
  expect(given('2026-11-24T09:00:00Z')).toBe(20);
  expect(given('2027-01-01T00:00:00Z')).toBe(115);
});
