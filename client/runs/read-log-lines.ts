import type { CloudAccess } from '../cloud-access';

/** Where a reader of the log is: the attempt, the last chunk, and the unfinished line behind it. */
export interface LogCursor {
  readonly attemptNumber: number;
  readonly key: string | null;
  readonly unfinishedLine: string;
}

export const logStart: LogCursor = { attemptNumber: 1, key: null, unfinishedLine: '' };

export interface LogLines {
  readonly lines: readonly string[];
  readonly cursor: LogCursor;
}

/**
 * Reads whole lines of a run's log after the cursor, from one attempt to the next up to `lastAttempt`. A last line
 * without an end is kept back until its attempt is over.
 */
export async function readLogLines(
  cloud: Pick<CloudAccess, 'readLog'>,
  runId: string,
  lastAttempt: number,
  cursor: LogCursor,
): Promise<LogLines> {
  const lines: string[] = [];
  let current = cursor;
  for (;;) {
    let text = current.unfinishedLine;
    let { key } = current;
    for (const chunk of await cloud.readLog(runId, current.attemptNumber, key ?? undefined)) {
      text += chunk.text;
      key = chunk.key;
    }
    const pieces = text.split('\n');
    const unfinishedLine = pieces.pop() ?? '';
    lines.push(...pieces);
    // Bounded by the number of attempts.
    if (current.attemptNumber >= lastAttempt) {
      return { lines, cursor: { attemptNumber: current.attemptNumber, key, unfinishedLine } };
    }
    if (unfinishedLine !== '') lines.push(unfinishedLine);
    current = { attemptNumber: current.attemptNumber + 1, key: null, unfinishedLine: '' };
  }
}
