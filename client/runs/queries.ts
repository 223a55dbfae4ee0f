import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  QueryRejectedError,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';
import { limits } from '../limits';

/**
 * Asks workflows, and remembers when no worker answers: a status needs no worker, and a list of fifty runs must not wait
 * for one fifty times.
 */
export class Queries {
  private isWorkerSilent = false;

  constructor(private readonly client: Client) {}

  /** The answer to a query; null when no worker answers in time, or the workflow has none. */
  async ask<Answer>(query: () => Promise<Answer>): Promise<Answer | null> {
    if (this.isWorkerSilent) return null;
    try {
      return await this.client.withDeadline(Date.now() + limits.queryTimeoutSeconds * 1_000, query);
    } catch (error) {
      if (isFromServer(error)) this.isWorkerSilent = true;
      else if (!isUnanswerable(error)) throw error;
      return null;
    }
  }
}

/** The server had no worker to hand the query to; or it does not answer itself, which the next call tells. */
const isFromServer = (error: unknown): boolean =>
  isGrpcServiceError(error) || (error instanceof Error && isGrpcServiceError(error.cause));

const isUnanswerable = (error: unknown): boolean =>
  error instanceof QueryNotRegisteredError ||
  error instanceof QueryRejectedError ||
  error instanceof WorkflowNotFoundError;

/** Null instead of the error that there is no such workflow. */
export async function unlessMissing<Value>(promise: Promise<Value>): Promise<Value | null> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
