import type { Client } from '@temporalio/client';
import { Failure } from '../../domain/failure';
import { searchAttributes } from '../../workflows/search-attributes';

/** Finds the run that an EC2 instance was launched for, by its tag; null when it carries none. */
export type FindRunByTag = (instanceId: string) => Promise<string | null>;

export const isInstanceId = (id: string): boolean => /^i-[0-9a-f]{8,17}$/.test(id);

/**
 * Makes a run id of what a person pasted: a run id, a workflow id (`run/…`), or the id of an instance, which is looked
 * up in Temporal first (also an instance of the user's own has its run there) and then in the instance's tags.
 *
 * @throws run-not-found  The instance belongs to no run.
 */
export async function resolveRunId(
  client: Client,
  id: string,
  findRunByTag: FindRunByTag,
): Promise<string> {
  if (!isInstanceId(id)) return runIdOf(id);
  const runId = (await findByInstance(client, id)) ?? (await findRunByTag(id));
  if (runId !== null) return runId;
  throw new Failure('run-not-found', `instance ${id} belongs to no run.`, {
    why: 'No workflow names it, and it carries no tag of runctl.',
  });
}

/** The newest run on this instance, whether it goes on or not; null when there is none. */
async function findByInstance(client: Client, instanceId: string): Promise<string | null> {
  // The server's own order: open ones first, then the newest.
  const query = `${searchAttributes.instanceId.name} = '${instanceId}'`;
  for await (const { workflowId } of client.workflow.list({ query, pageSize: 1 })) {
    return runIdOf(workflowId);
  }
  return null;
}

/** `run/a` and `run/a/attempt` are both of run `a`. */
export function runIdOf(id: string): string {
  return id.replace(/^run\//, '').replace(/\/attempt$/, '');
}
