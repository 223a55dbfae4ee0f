import { LogReader, type LogSelection, type LogSource } from '../../client/runs/log-reader';

type Attempts = readonly (readonly (string | Buffer)[])[];

/** The pieces of each attempt's log, as they lie in the bucket at one moment; the n-th was published in second n. */
function sourceOf(attempts: () => Attempts): LogSource & { readonly reads: string[] } {
  const reads: string[] = [];
  const key = (attempt: number, index: number): string =>
    `${attempt}/${String(index).padStart(4, '0')}`;
  return {
    reads,
    listLog: (_runId, attempt, afterKey) => {
      const pieces = (attempts()[attempt - 1] ?? []).map((text, index) => ({
        key: key(attempt, index),
        offsetBytes: index,
        sizeBytes: text.length,
        publishedAt: new Date(index * 1_000).toISOString(),
      }));
      return Promise.resolve(
        pieces.filter((piece) => afterKey === undefined || piece.key > afterKey),
      );
    },
    readLogPiece: (wanted) => {
      reads.push(wanted);
      const [attempt = 0, index = 0] = wanted.split('/').map(Number);
      return Promise.resolve(Buffer.from(attempts()[attempt - 1]?.[index] ?? ''));
    },
  };
}

async function readAll(log: Attempts, selection?: LogSelection, isOver = true): Promise<string[]> {
  const lines: string[] = [];
  const reader = new LogReader(
    sourceOf(() => log),
    'r',
    selection,
  );
  await reader.read(log.length, isOver, { onLines: (more) => lines.push(...more) });
  return lines;
}

test('a line that is cut between two pieces comes once, whole', async () => {
  let log: Attempts = [['one\ntw']];
  const lines: string[] = [];
  const reader = new LogReader(
    sourceOf(() => log),
    'r',
  );
  const read = (): Promise<void> =>
    reader.read(1, false, { onLines: (more) => lines.push(...more) });
  await read();
  expect(lines).toEqual(['one']);
  log = [['one\ntw', 'o\nthree\n']];
  await read();
  await read();
  expect(lines).toEqual(['one', 'two', 'three']);
});

test('a character that is cut between two pieces comes whole', async () => {
  const bytes = Buffer.from('größe\n');
  expect(await readAll([[bytes.subarray(0, 3), bytes.subarray(3)]])).toEqual(['größe']);
});

test('the log goes on from attempt to attempt, and an unfinished last line is not lost', async () => {
  expect(await readAll([['a\nkilled he'], [], ['b\n']])).toEqual(['a', 'killed he', 'b']);
});

test('a read that fails half-way and is repeated gives every line once', async () => {
  const source = sourceOf(() => [['1\n', '2\n', '3\n']]);
  let isBroken = true;
  const flaky: LogSource = {
    ...source,
    readLogPiece: (key) => {
      if (key !== '1/0001' || !isBroken) return source.readLogPiece(key);
      isBroken = false;
      return Promise.reject(new Error('connection reset'));
    },
  };
  const lines: string[] = [];
  const reader = new LogReader(flaky, 'r');
  const sink = { onLines: (more: readonly string[]) => void lines.push(...more) };
  await expect(reader.read(1, true, sink)).rejects.toThrow('connection reset');
  await reader.read(1, true, sink);
  expect(lines).toEqual(['1', '2', '3']);
});

test.each([
  [0, []],
  [1, ['5']],
  [2, ['4', '5']],
  [3, ['33', '4', '5']],
  [9, ['1', '2', '33', '4', '5']],
])('the last %i lines are found over pieces and attempts', async (lastLines, expected) => {
  expect(
    await readAll(
      [
        ['1\n', '2\n3', '3\n'],
        ['4\n', '5'],
      ],
      { lastLines },
    ),
  ).toEqual(expected);
});

test('the last lines are read from the end, not from the beginning', async () => {
  const pieces = Array.from({ length: 1_000 }, (_, index) => `line ${index}\n`);
  const source = sourceOf(() => [pieces]);
  const lines: string[] = [];
  await new LogReader(source, 'r', { lastLines: 1 }).read(1, true, {
    onLines: (more) => lines.push(...more),
  });
  expect(lines).toEqual(['line 999']);
  expect(source.reads.length).toBeLessThan(5);
});

test('one attempt alone, and only what was published since', async () => {
  const log = [['a\n', 'b\n'], ['c\n']];
  expect(await readAll(log, { attemptNumber: 1 })).toEqual(['a', 'b']);
  expect(await readAll(log, { attemptNumber: 1, sinceMs: 1_000 })).toEqual(['b']);
});

test('the end of each attempt is told when nothing more can come of it', async () => {
  const ended: number[] = [];
  const reader = new LogReader(
    sourceOf(() => [['a\n'], ['b\n']]),
    'r',
  );
  const sink = {
    onLines: () => undefined,
    onAttemptEnd: (number: number) => void ended.push(number),
  };
  await reader.read(2, false, sink);
  expect(ended).toEqual([1]);
  await reader.read(2, true, sink);
  expect(ended).toEqual([1, 2]);
});
