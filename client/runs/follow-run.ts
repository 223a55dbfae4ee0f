import { setTimeout as sleep } from 'node:timers/promises';
import type { Checkpoint } from '../../domain/checkpoint';
import type { Failure } from '../../domain/failure';
import { limits } from '../limits';
import type { TrainingClient } from '../training-client';
import type { LogReader, LogSink } from './log-reader';
import { Patience } from './patience';
import type { RunSnapshot } from './run-snapshot';

export interface FollowListener {
  /** Every look. */
  readonly onSnapshot: (run: RunSnapshot) => void;
  /** The script's output; without it the log is not read. */
  readonly log?: LogSink & { readonly reader: LogReader };
  /** Once when the server or the bucket stops to answer; the following goes on. */
  readonly onOutage?: (failure: Failure) => void;
}

/** What an earlier look has seen. */
interface Known {
  checkpoint: Checkpoint | null;
}

/**
 * Looks every second until the run is over, or until the one attempt that was selected is, and returns the last
 * snapshot; null when the signal ended the following first. The run itself is not touched by that. Outages of up to
 * `followOutageSeconds` are waited out.
 */
export async function followRun(
  client: TrainingClient,
  runId: string,
  listener: FollowListener,
  signal: AbortSignal,
): Promise<RunSnapshot | null> {
  const patience = new Patience(listener.onOutage);
  const known: Known = { checkpoint: null };
  while (!signal.aborted) {
    const run = await patience.unlessAway(() => look(client, runId, listener, known));
    if (run !== null && (run.isOver || listener.log?.reader.isAtEnd === true)) return run;
    await sleep(limits.followIntervalMs, undefined, { signal }).catch(() => undefined);
  }
  return null;
}

async function look(
  client: TrainingClient,
  runId: string,
  { log, onSnapshot }: FollowListener,
  known: Known,
): Promise<RunSnapshot> {
  // The state before the log: when the run is over by then, so is its log.
  const run = withNewest(await client.status(runId), known.checkpoint);
  known.checkpoint = run.checkpoint;
  onSnapshot(run);
  if (log !== undefined) await log.reader.read(await client.newestAttempt(run), run.isOver, log);
  return run;
}

/** While it saves, a run knows less of its checkpoints than its last poll did: nobody should see one vanish. */
function withNewest(run: RunSnapshot, known: Checkpoint | null): RunSnapshot {
  const isOlder = known !== null && !run.isOver && known.step > (run.checkpoint?.step ?? 0);
  return isOlder ? { ...run, checkpoint: known } : run;
}
