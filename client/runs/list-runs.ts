import type { Client } from '@temporalio/client';
import { limits } from '../limits';
import { searchAttributes } from '../../workflows/search-attributes';
import { runIdOf } from './run-id';

export interface ListOptions {
  readonly onlyOpen?: boolean;
  readonly limit?: number;
}

export interface ListedRun {
  readonly runId: string;
  /** The phase, or how it ended. */
  readonly state: string;
  readonly startedAt: string;
  readonly endedAt: string | null;
}

/** The newest runs first; a run appears a moment after its start. */
export async function listRuns(client: Client, options: ListOptions = {}): Promise<ListedRun[]> {
  const limit = options.limit ?? limits.listedRuns;
  const conditions = [
    "WorkflowType = 'trainingRun'",
    ...(options.onlyOpen === true ? ["ExecutionStatus = 'Running'"] : []),
  ];
  const runs: ListedRun[] = [];
  for await (const info of client.workflow.list({
    query: conditions.join(' AND '),
    pageSize: limit,
  })) {
    const phase = info.typedSearchAttributes.get(searchAttributes.phase);
    const isOpen = info.status.name === 'RUNNING';
    runs.push({
      runId: runIdOf(info.workflowId),
      state: phase ?? (isOpen ? 'placing' : info.status.name.toLowerCase()),
      startedAt: info.startTime.toISOString(),
      endedAt: info.closeTime?.toISOString() ?? null,
    });
    if (runs.length >= limit) break;
  }
  return runs;
}
