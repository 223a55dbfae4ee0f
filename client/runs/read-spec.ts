import { type Client, isGrpcServiceError } from '@temporalio/client';
import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { Failure } from '../../domain/failure';
import { runWorkflowId } from '../../domain/ids';
import type { TrainingRunSpec } from '../../domain/run-spec';
import { validateRunSpec } from '../../domain/validate-run-spec';

/**
 * What a run was asked to do, out of the first event of its history. A field that an earlier version did not know has its
 * default.
 *
 * @throws run-not-found  Temporal does not know the run, or no longer.
 */
export async function readSpec(client: Client, runId: string): Promise<TrainingRunSpec> {
  const payload = await readInput(client, runId);
  const input: unknown =
    payload === undefined ? undefined : defaultPayloadConverter.fromPayload(payload);
  const checked = validateRunSpec(input);
  if (checked.kind === 'valid') return checked.spec;
  throw new Failure('run-not-found', `what the run "${runId}" was asked to do is not known.`, {
    why:
      payload === undefined
        ? 'Temporal does not know the run; it forgets runs some time after their end.'
        : checked.problems.join('; '),
  });
}

/** gRPC's number: https://grpc.io/docs/guides/status-codes/ */
const notFound = 5;

async function readInput(client: Client, runId: string): Promise<Payload | undefined> {
  try {
    const { history } = await client.workflowService.getWorkflowExecutionHistory({
      namespace: client.options.namespace,
      execution: { workflowId: runWorkflowId(runId) },
      maximumPageSize: 1,
    });
    const began = history?.events?.[0]?.workflowExecutionStartedEventAttributes;
    return began?.input?.payloads?.[0];
  } catch (error) {
    const code: number | null = isGrpcServiceError(error) ? error.code : null;
    if (code === notFound) return undefined;
    throw error;
  }
}
