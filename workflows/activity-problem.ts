import { ActivityFailure, ApplicationFailure, TimeoutFailure } from '@temporalio/common';

/** Why an activity failed for good. */
export interface ActivityProblem {
  /** A key of `failureTable`, as far as the activity gave one. */
  readonly code: string;
  readonly message: string;
  /** It was not refused, it only took too long. */
  readonly isTimeout: boolean;
}

/**
 * Turns what an activity call threw into data.
 *
 * @throws what is no failure of an activity: a bug in workflow code must fail the task, to be mended and replayed.
 */
export function failureOf(error: unknown): ActivityProblem {
  if (!(error instanceof ActivityFailure)) throw error;
  const { cause } = error;
  if (cause instanceof TimeoutFailure) {
    // The server keeps what the last try said: without it nobody knows why it took too long.
    const last = cause.cause instanceof Error ? `: ${cause.cause.message}` : '';
    const message = `${error.activityType} did not succeed in time${last}`;
    return { code: 'unexpected', message, isTimeout: true };
  }
  const code = cause instanceof ApplicationFailure ? cause.type : undefined;
  return {
    code: code ?? 'unexpected',
    message: cause?.message ?? error.message,
    isTimeout: false,
  };
}
