import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import { inParallel } from '../../aws/in-parallel';
import { attemptWorkflowId, runWorkflowId } from '../../domain/ids';
import type { PurchaseOption } from '../../domain/instance';
import { searchAttributes } from '../../workflows/search-attributes';
import { limits } from '../limits';
import type { ListedRun } from './listed-run';
import { runIdOf } from './run-id';
import { isSelected, type RunSelection } from './select-runs';

export interface ListOptions extends RunSelection {
  readonly onlyOpen?: boolean;
  /** Only runs that are on this instance now, or were at last. */
  readonly instanceId?: string;
  /** The newest so many; all that are looked at when absent. */
  readonly limit?: number;
}

/**
 * The runs that are selected, newest first, among the newest `limits.scannedRuns`. A run appears a moment after its start:
 * this asks Temporal's search, which is a little behind.
 */
export async function listRuns(client: Client, options: ListOptions = {}): Promise<ListedRun[]> {
  const parents = await findParents(client, options);
  const attempts = await findAttempts(
    client,
    parents.map(({ workflowId }) => runIdOf(workflowId)),
  );
  return parents
    .map((parent) => toListedRun(parent, attempts.get(runIdOf(parent.workflowId))))
    .filter((run) => isSelected(run, options))
    .sort((one, other) => other.startedAt.localeCompare(one.startedAt))
    .slice(0, options.limit ?? limits.listedRuns);
}

async function findParents(
  client: Client,
  { instanceId, onlyOpen, sinceMs }: ListOptions,
): Promise<WorkflowExecutionInfo[]> {
  const conditions = [
    "WorkflowType = 'trainingRun'",
    ...(onlyOpen === true ? ["ExecutionStatus = 'Running'"] : []),
    ...(sinceMs === undefined ? [] : [`StartTime >= '${new Date(sinceMs).toISOString()}'`]),
  ];
  if (instanceId === undefined) return search(client, conditions);
  // The instance is known to the attempts only; their ids name the run.
  const onInstance = await search(client, [
    `${searchAttributes.instanceId.name} = '${instanceId}'`,
  ]);
  return searchByIds(
    client,
    onInstance.map(({ workflowId }) => runWorkflowId(runIdOf(workflowId))),
    conditions,
  );
}

/** The newest attempt of each of these runs: it knows phase and instance, which its parent does not. */
async function findAttempts(
  client: Client,
  runIds: readonly string[],
): Promise<ReadonlyMap<string, WorkflowExecutionInfo>> {
  const found = await searchByIds(client, runIds.map(attemptWorkflowId), [
    "ExecutionStatus != 'ContinuedAsNew'",
  ]);
  return new Map(found.map((info) => [runIdOf(info.workflowId), info]));
}

async function searchByIds(
  client: Client,
  workflowIds: readonly string[],
  conditions: readonly string[],
): Promise<WorkflowExecutionInfo[]> {
  // A workflow that somebody named otherwise is no run of ours, and its name could end the quotation.
  const ids = [...new Set(workflowIds)].filter((id) => !id.includes("'"));
  const chunks = Array.from({ length: Math.ceil(ids.length / limits.idsPerSearch) }, (_, index) =>
    ids.slice(index * limits.idsPerSearch, (index + 1) * limits.idsPerSearch),
  );
  const found = await inParallel(limits.parallelReads, chunks, (chunk) =>
    search(client, [`WorkflowId IN (${chunk.map((id) => `'${id}'`).join(', ')})`, ...conditions]),
  );
  return found.flat();
}

async function search(
  client: Client,
  conditions: readonly string[],
): Promise<WorkflowExecutionInfo[]> {
  const found: WorkflowExecutionInfo[] = [];
  const query = conditions.join(' AND ');
  for await (const info of client.workflow.list({ query, pageSize: limits.scannedRuns })) {
    found.push(info);
    if (found.length >= limits.scannedRuns) break;
  }
  return found;
}

function toListedRun(
  parent: WorkflowExecutionInfo,
  attempt: WorkflowExecutionInfo | undefined,
): ListedRun {
  const isOver = parent.status.name !== 'RUNNING';
  const of = attempt?.typedSearchAttributes;
  const phase = (
    isOver || attempt?.status.name !== 'RUNNING' ? parent : attempt
  ).typedSearchAttributes.get(searchAttributes.phase);
  const fallback = isOver ? parent.status.name.toLowerCase() : 'placing';
  return {
    runId: runIdOf(parent.workflowId),
    // Only our workflows set it, to a phase; a run that was ended from outside has the phase of before.
    state: (isOver && !isOwnEnd(phase) ? fallback : (phase ?? fallback)) as ListedRun['state'],
    isOver,
    startedAt: parent.startTime.toISOString(),
    endedAt: parent.closeTime?.toISOString() ?? null,
    attempt: of?.get(searchAttributes.attempt) ?? null,
    instanceId: of?.get(searchAttributes.instanceId) ?? null,
    purchase: (of?.get(searchAttributes.purchase) as PurchaseOption | undefined) ?? null,
  };
}

const isOwnEnd = (phase: string | undefined): boolean =>
  phase === 'completed' || phase === 'failed' || phase === 'stopped' || phase === 'cancelled';
