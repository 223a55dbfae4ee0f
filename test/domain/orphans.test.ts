import { judgeOwnership, type Ownership, type TaggedInstance } from '../../domain/orphans';

const now = Date.parse('2026-11-24T10:00:00.000Z');
const minute = 60;
const instance = (
  tags: Readonly<Record<string, string>>,
  ageSeconds = 60 * minute,
  attempt = 1,
): TaggedInstance => ({
  instanceId: 'i-0123456789abcdef0',
  launchedAt: new Date(now - ageSeconds * 1_000).toISOString(),
  tags: { app: 'runctl', 'runctl:run-id': 'r1', 'runctl:attempt': String(attempt), ...tags },
});
const judge = (
  one: TaggedInstance,
  isRunOpen: boolean,
  others: readonly TaggedInstance[] = [],
): Ownership =>
  judgeOwnership(one, [one, ...others], isRunOpen, { nowMs: now, graceSeconds: 15 * minute });

test.each<[string, TaggedInstance, boolean, Ownership]>([
  ['of an open run', instance({}), true, { kind: 'in-use' }],
  ['of a run that is over', instance({}), false, { kind: 'orphan', why: 'run-not-open' }],
  ['young', instance({}, 14 * minute), false, { kind: 'young' }],
  ['old enough', instance({}, 15 * minute), false, { kind: 'orphan', why: 'run-not-open' }],
  ['without the tag of a run', instance({ 'runctl:run-id': '' }), false, { kind: 'yours' }],
  ['without the tag of the app', instance({ app: '' }), false, { kind: 'not-ours' }],
  ["somebody else's app", instance({ app: 'other' }), false, { kind: 'not-ours' }],
  ...['runctl:protected', 'runctl:important', 'runctl:persistent'].map(
    (tag): [string, TaggedInstance, boolean, Ownership] => [
      tag,
      instance({ [tag]: 'true' }),
      false,
      { kind: 'protected', tag },
    ],
  ),
  [
    'protected by True',
    instance({ 'runctl:protected': 'True' }),
    false,
    { kind: 'protected', tag: 'runctl:protected' },
  ],
  [
    'protected by false',
    instance({ 'runctl:protected': 'false' }),
    false,
    { kind: 'orphan', why: 'run-not-open' },
  ],
])('an instance %s', (_, one, isRunOpen, expected) => {
  expect(judge(one, isRunOpen)).toEqual(expected);
});

test("what an older attempt of an open run still has is a leftover; another run's attempts do not count", () => {
  const older = instance({}, 60 * minute, 1);
  const newer = instance({}, 30 * minute, 2);
  expect(judge(older, true, [newer])).toEqual({ kind: 'orphan', why: 'superseded' });
  expect(judge(newer, true, [older])).toEqual({ kind: 'in-use' });
  expect(judge(older, true, [instance({ 'runctl:run-id': 'r2' }, minute, 2)])).toEqual({
    kind: 'in-use',
  });
  const kept = instance({ 'runctl:important': 'true' });
  expect(judge(kept, true, [newer])).toEqual({ kind: 'protected', tag: 'runctl:important' });
});
