import { readLogSelection } from '../../client/commands/aws/log-options';
import { ArgumentProblems } from '../../client/commands/parse-options';

const now = Date.parse('2026-01-31T12:00:00Z');

function read(
  options: Parameters<typeof readLogSelection>[0],
): ReturnType<typeof readLogSelection> {
  const problems = new ArgumentProblems();
  const selection = readLogSelection(options, problems, 20, now);
  problems.throwIfAny();
  return selection;
}

test('--since takes an age or a time, and then all lines unless --lines says otherwise', () => {
  expect(read({ since: '10m' })).toEqual({ sinceMs: now - 600_000 });
  expect(read({ since: '2026-01-31T11:00:00Z', lines: '3' })).toEqual({
    sinceMs: now - 3_600_000,
    lastLines: 3,
  });
});

test('without anything said the default number of lines is shown, with "all" every line', () => {
  expect(read({})).toEqual({ lastLines: 20 });
  expect(read({ lines: 'all', attempt: '2' })).toEqual({ attemptNumber: 2 });
});

test('all wrong values are named at once', () => {
  expect(() => read({ since: 'yesterday', lines: '-1', attempt: 'x' })).toThrow(
    /--attempt: .*\n--since: .*\n--lines: /,
  );
});
