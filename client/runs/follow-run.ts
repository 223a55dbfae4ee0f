import { setTimeout as sleep } from 'node:timers/promises';
import { limits } from '../limits';
import type { TrainingClient } from '../training-client';
import { logStart, type LogCursor } from './read-log-lines';
import type { RunSnapshot } from './run-snapshot';

export interface FollowListener {
  /** Whole lines of the script's output, in order, over all attempts. */
  readonly onLog?: (lines: readonly string[]) => void;
  /** Every look. */
  readonly onSnapshot: (run: RunSnapshot) => void;
}

/**
 * Looks every second until the run is over, and returns how it ended; null when the signal ended the following first.
 * The run itself is not touched by that.
 */
export async function followRun(
  client: TrainingClient,
  runId: string,
  listener: FollowListener,
  signal: AbortSignal,
): Promise<RunSnapshot | null> {
  let cursor: LogCursor = logStart;
  while (!signal.aborted) {
    const run = await client.status(runId);
    if (listener.onLog !== undefined) {
      const read = await client.readLog(runId, run.attempts.at(-1)?.number ?? 1, cursor);
      cursor = read.cursor;
      if (read.lines.length > 0) listener.onLog(read.lines);
      if (run.isOver && cursor.unfinishedLine !== '') listener.onLog([cursor.unfinishedLine]);
    }
    listener.onSnapshot(run);
    if (run.isOver) return run;
    await sleep(limits.followIntervalMs, undefined, { signal }).catch(() => undefined);
  }
  return null;
}
