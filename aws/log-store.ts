import { objectKeys } from '../domain/ids';
import type { Cloud } from './connect-cloud';
import { getText, list } from './object-store';

/** A piece of an attempt's log. */
export interface LogChunk {
  /** Of its first byte in the whole log. */
  readonly offsetBytes: number;
  readonly text: string;
  /** Give this to the next read to get what has come since. */
  readonly key: string;
}

/**
 * Reads the log of an attempt in order, from the beginning or after a chunk that was read before. The supervisor
 * publishes every few seconds, and at the end.
 */
export async function* readLog(
  cloud: Cloud,
  runId: string,
  attemptNumber: number,
  afterKey?: string,
): AsyncGenerator<LogChunk> {
  const { clients, settings } = cloud;
  const prefix = objectKeys.logs(runId, attemptNumber);
  const after = afterKey === undefined ? {} : { startAfter: afterKey };
  const { keys } = await list(clients, settings.bucket, prefix, after);
  for (const key of keys) {
    // Twelve digits: the order of the names is the order of the log.
    const offset = /(\d+)\.log$/.exec(key)?.[1];
    const stored = offset === undefined ? null : await getText(clients, settings.bucket, key);
    if (stored !== null) yield { offsetBytes: Number(offset), text: stored.text, key };
  }
}
