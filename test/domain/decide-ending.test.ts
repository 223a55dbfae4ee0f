import fc from 'fast-check';
import { decideEnding, type EndingFacts, type InstanceEnding } from '../../domain/decide-ending';

const other = { pid: 42, runId: 'r1', since: '2026-11-24T10:00:00.000Z' };
const running = { kind: 'running', other } as const;
const facts: EndingFacts = {
  instanceId: 'i-0a',
  description: 'i-0a (g5.xlarge, us-east-1a, on-demand, "mine")',
  tags: { app: 'runctl' },
  training: { kind: 'none' },
};
const guarded = { ...facts, tags: { 'runctl:important': 'true' } };
const ofRun = { ...facts, tags: { 'runctl:run-id': 'r1' }, training: running };
const busy = { ...facts, training: running };
const unseen: EndingFacts = { ...facts, training: { kind: 'unseen', why: 'no answer came' } };

const tell = (ending: InstanceEnding, is: EndingFacts, words: string): string => {
  const options = { force: words.includes('force'), isConfirmed: words.includes('yes') };
  const step = decideEnding(ending, is, options);
  return step.kind === 'refuse' ? step.code : step.endsTraining ? 'after saving' : 'go';
};

test.each<[InstanceEnding, string, string, string, EndingFacts]>([
  ['stop', 'no option', 'an idle instance', 'go', facts],
  ['stop', 'no option', 'one that trains', 'already-running', busy],
  ['stop', 'force', 'one that trains', 'after saving', busy],
  ['stop', 'force', 'one that goes back with its run', 'instance-not-usable', ofRun],
  ['stop', 'no option', 'one that nobody sees', 'instance-not-ready', unseen],
  ['stop', 'force', 'one that nobody sees', 'go', unseen],
  ['stop', 'no option', 'a protected one, which keeps its disk', 'go', guarded],
  ['terminate', 'no option', 'an idle instance', 'not-confirmed', facts],
  ['terminate', 'yes', 'an idle instance', 'go', facts],
  ['terminate', 'yes', 'one that trains', 'already-running', busy],
  ['terminate', 'force', 'one that trains', 'not-confirmed', busy],
  ['terminate', 'force yes', 'one that trains', 'after saving', busy],
  ['terminate', 'force yes', 'one that goes back with its run', 'after saving', ofRun],
  ['terminate', 'yes', 'one that nobody sees', 'instance-not-ready', unseen],
  ['terminate', 'force yes', 'one that nobody sees', 'go', unseen],
  ['terminate', 'force yes', 'a protected one', 'instance-protected', guarded],
])('to %s with %s %s: %s', (ending, words, _what, expected, is) => {
  expect(tell(ending, is, words)).toBe(expected);
});

test('a tag protects with the value "true" only', () => {
  const off = { ...facts, tags: { 'runctl:protected': 'false', 'runctl:persistent': '' } };
  expect(tell('terminate', off, 'yes')).toBe('go');
});

test('who is told that --yes is missing has heard what would be done, and gets the command', () => {
  expect(decideEnding('terminate', busy, { force: true, isConfirmed: false })).toMatchObject({
    message:
      'i-0a (g5.xlarge, us-east-1a, on-demand, "mine") would be terminated. The training of run r1 would be saved and stopped first. Nothing was done.',
    next: 'runctl aws terminate i-0a --force --yes',
  });
});

test('without --force and --yes nothing that trains, or may train, is ever terminated', () => {
  const trainings = fc.constantFrom(facts.training, busy.training, unseen.training);
  fc.assert(
    fc.property(trainings, fc.boolean(), fc.boolean(), (training, force, isConfirmed) => {
      const step = decideEnding('terminate', { ...facts, training }, { force, isConfirmed });
      const isSafe = isConfirmed && (force || training.kind === 'none');
      return (step.kind === 'go') === isSafe;
    }),
  );
});
