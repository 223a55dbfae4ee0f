import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  QueryRejectedError,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';
import { limits } from '../limits';

/** The answer to a query; null when no worker answers in time, so that a status needs no worker. */
export async function queryOrNull<Answer>(
  client: Client,
  query: () => Promise<Answer>,
): Promise<Answer | null> {
  try {
    return await client.withDeadline(Date.now() + limits.queryTimeoutSeconds * 1_000, query);
  } catch (error) {
    const isUnanswered =
      isGrpcServiceError(error) ||
      error instanceof QueryNotRegisteredError ||
      error instanceof QueryRejectedError ||
      error instanceof WorkflowNotFoundError ||
      (error instanceof Error && isGrpcServiceError(error.cause));
    if (isUnanswered) return null;
    throw error;
  }
}

/** Null instead of the error that there is no such workflow. */
export async function unlessMissing<Value>(promise: Promise<Value>): Promise<Value | null> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
