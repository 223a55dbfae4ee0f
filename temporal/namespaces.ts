import { isGrpcServiceError } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time';
import { Failure } from '../domain/failure';
import { connectClient, type TemporalTarget } from './connect';
import { registerSearchAttributes } from './search-attributes';
import { untilKnown } from './until-known';

/**
 * Makes a namespace on a server that is there already, with our search attributes, and returns once it can be used.
 *
 * @throws not-authorized  The server lets nobody make namespaces (Temporal Cloud).
 */
export async function createNamespace(target: TemporalTarget, namespace: string): Promise<void> {
  const client = await connectClient(target);
  try {
    await client.workflowService.registerNamespace({
      namespace,
      description: 'A demo of runctl; it may be deleted.',
      workflowExecutionRetentionPeriod: msToTs('1 day'),
    });
    await untilKnown(async () => {
      await registerSearchAttributes(client.connection.operatorService, namespace);
      await client.workflowService.listOpenWorkflowExecutions({ namespace, maximumPageSize: 1 });
      return true;
    });
  } catch (error) {
    if (!isGrpcServiceError(error)) throw error;
    throw new Failure('not-authorized', `the namespace ${namespace} was not made.`, {
      why: `The Temporal server at ${target.address} (${target.source}) answered: ${error.details}`,
      next: 'Unset TEMPORAL_ADDRESS, so that the demo starts a server of its own.',
      cause: error,
    });
  } finally {
    await client.connection.close();
  }
}

/** Deletes a namespace; one that is gone, or may not be deleted, is left alone. */
export async function deleteNamespace(target: TemporalTarget, namespace: string): Promise<void> {
  const client = await connectClient(target);
  try {
    await client.connection.operatorService.deleteNamespace({ namespace });
  } catch (error) {
    if (!isGrpcServiceError(error)) throw error;
  } finally {
    await client.connection.close();
  }
}
