import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { runWorkflowId } from '../domain/ids';

/**
 * Whether a run's workflow is open. An error of the server is thrown on: an instance is called an orphan only when the
 * server says so.
 */
export async function isRunOpen(client: Client, runId: string): Promise<boolean> {
  try {
    const { status } = await client.workflow.getHandle(runWorkflowId(runId)).describe();
    return status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
