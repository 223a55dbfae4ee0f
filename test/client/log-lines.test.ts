import { logStart, readLogLines } from '../../client/runs/read-log-lines';
import type { CloudAccess } from '../../client/cloud-access';

/** The chunks of each attempt's log, as they lie in the bucket at one moment. */
function logOf(attempts: readonly (readonly string[])[]): Pick<CloudAccess, 'readLog'> {
  const readLog: CloudAccess['readLog'] = (_runId, attemptNumber, afterKey) => {
    const chunks = attempts[attemptNumber - 1] ?? [];
    const all = chunks.map((text, index) => ({ offsetBytes: index, text, key: String(index) }));
    return Promise.resolve(all.filter(({ key }) => afterKey === undefined || key > afterKey));
  };
  return { readLog };
}

test('a line that is cut between two chunks comes once, whole', async () => {
  const first = await readLogLines(logOf([['one\ntw']]), 'r', 1, logStart);
  expect(first.lines).toEqual(['one']);
  const second = await readLogLines(logOf([['one\ntw', 'o\nthree\n']]), 'r', 1, first.cursor);
  expect(second.lines).toEqual(['two', 'three']);
  const third = await readLogLines(logOf([['one\ntw', 'o\nthree\n']]), 'r', 1, second.cursor);
  expect(third.lines).toEqual([]);
});

test('the log goes on from attempt to attempt, and an unfinished last line is not lost', async () => {
  const log = logOf([['a\nkilled he'], [], ['b\n']]);
  const { lines, cursor } = await readLogLines(log, 'r', 3, logStart);
  expect(lines).toEqual(['a', 'killed he', 'b']);
  expect(cursor.attemptNumber).toBe(3);
});
