import type { Client } from '@temporalio/client';
import { inParallel } from '../../aws/in-parallel';
import { runWorkflowId } from '../../domain/ids';
import { limits } from '../limits';
import { unlessMissing } from '../runs/queries';

/** What Temporal says of an owner: `open`, how it ended (`completed`, `failed` …), or `unknown`. */
export type RunStates = ReadonlyMap<string, string>;

/**
 * Asks Temporal for the state of each run; not its search, which is a moment behind: what is called an orphan is ended.
 */
export async function readRunStates(client: Client, runIds: Iterable<string>): Promise<RunStates> {
  const states = await inParallel(
    limits.parallelReads,
    [...new Set(runIds)],
    async (runId): Promise<[string, string]> => [runId, await readState(client, runId)],
  );
  return new Map(states);
}

async function readState(client: Client, runId: string): Promise<string> {
  const handle = client.workflow.getHandle(runWorkflowId(runId));
  const description = await unlessMissing(handle.describe());
  if (description === null) return 'unknown';
  const { name } = description.status;
  return name === 'RUNNING' ? 'open' : name.toLowerCase();
}

export const isOpen = (states: RunStates, runId: string | null): boolean =>
  runId !== null && states.get(runId) === 'open';
