import { objectKeys } from '../domain/ids';
import type { Instant } from '../domain/instant';
import type { Cloud } from './connect-cloud';
import { getBytes, list } from './object-store';

/** A published piece of an attempt's log, before it is read. Never changes once it is there. */
export interface LogPiece {
  readonly key: string;
  /** Of its first byte in the attempt's whole log. */
  readonly offsetBytes: number;
  readonly sizeBytes: number;
  readonly publishedAt: Instant;
}

/** Lists the pieces of an attempt's log in order, from the beginning or behind one that was read before. */
export async function listLog(
  cloud: Cloud,
  runId: string,
  attemptNumber: number,
  afterKey?: string,
): Promise<readonly LogPiece[]> {
  const { clients, settings } = cloud;
  const prefix = objectKeys.logs(runId, attemptNumber);
  const after = afterKey === undefined ? {} : { startAfter: afterKey };
  const { objects } = await list(clients, settings.bucket, prefix, after);
  // Twelve digits: the order of the names is the order of the log.
  return objects.flatMap(({ key, sizeBytes, modifiedAt }) => {
    const offset = /(\d+)\.log$/.exec(key)?.[1];
    if (offset === undefined) return [];
    return [{ key, offsetBytes: Number(offset), sizeBytes, publishedAt: modifiedAt }];
  });
}

/** The bytes of a piece, at most 4 MiB; they may begin and end within a character. Null when it was deleted. */
export function readLogPiece(cloud: Cloud, key: string): Promise<Uint8Array | null> {
  return getBytes(cloud.clients, cloud.settings.bucket, key);
}

/** The attempts of a run that have published a log, in order. */
export async function listLogAttempts(cloud: Cloud, runId: string): Promise<readonly number[]> {
  const root = objectKeys.allLogs(runId);
  const { clients, settings } = cloud;
  const { prefixes } = await list(clients, settings.bucket, root, { delimiter: '/' });
  return prefixes
    .map((prefix) => Number(prefix.slice(root.length, -1)))
    .filter((number) => Number.isSafeInteger(number) && number > 0)
    .sort((one, other) => one - other);
}
