import type { Client } from '@temporalio/client';
import { attemptWorkflowId } from '../../domain/ids';
import type { RunOnInstance } from '../../domain/run-on-instance';
import { searchAttributes } from '../../workflows/search-attributes';
import { limits } from '../limits';
import { unlessMissing } from '../runs/queries';
import { runIdOf } from '../runs/run-id';

/** The newest runs that Temporal knows to have been on the instance. */
export async function findRunsOn(client: Client, instanceId: string): Promise<RunOnInstance[]> {
  const query = `${searchAttributes.instanceId.name} = '${instanceId}'`;
  const found: RunOnInstance[] = [];
  let looked = 0;
  for await (const info of client.workflow.list({ query, pageSize: limits.runsOnInstance })) {
    const runId = runIdOf(info.workflowId);
    const isKnown = found.some((run) => run.runId === runId);
    const startedAt = info.startTime.toISOString();
    if (!isKnown && info.status.name !== 'RUNNING') {
      found.push({ runId, isOpen: false, phase: null, startedAt });
    } else if (!isKnown) {
      const run = await readOpenRun(client, runId, instanceId);
      if (run !== null) found.push({ ...run, startedAt });
    }
    looked += 1;
    if (looked >= limits.runsOnInstance) break;
  }
  return found;
}

/** The list lags behind by a moment, the server's own record does not; null for a run that was turned away meanwhile. */
async function readOpenRun(
  client: Client,
  runId: string,
  instanceId: string,
): Promise<Omit<RunOnInstance, 'startedAt'> | null> {
  const handle = client.workflow.getHandle(attemptWorkflowId(runId));
  const description = await unlessMissing(handle.describe());
  if (description === null) return null;
  const attributes = description.typedSearchAttributes;
  const isHere = attributes.get(searchAttributes.instanceId) === instanceId;
  const isOpen = description.status.name === 'RUNNING';
  // An open one that is not here now has been here, and is between two attempts.
  if (!isHere && !isOpen) return null;
  return { runId, isOpen: isOpen && isHere, phase: attributes.get(searchAttributes.phase) ?? null };
}
