import { ApplicationFailure, CancelledFailure, Context } from '@temporalio/activity';
import { ApplicationFailureCategory } from '@temporalio/common';
import { failureFromAwsError } from '../aws/aws-error';
import { Failure } from '../domain/failure';
import { activityLimits } from './limits';

/**
 * Whether a failure that needs a person ends the activity. What cleans up goes on instead: the person may put the
 * credentials right, and an instance that is given up costs money.
 */
export type Patience = 'gives-up' | 'never-gives-up';

type Activity<Args extends readonly unknown[], Result> = (...args: Args) => Promise<Result>;

/** Makes an activity speak Temporal's terms: the only place where failures are translated. */
export function inTemporalTerms<Args extends readonly unknown[], Result>(
  patience: Patience,
  activity: Activity<Args, Result>,
): Activity<Args, Result> {
  return async (...args) => {
    try {
      return await activity(...args);
    } catch (error) {
      throw translate(error, patience);
    }
  };
}

/**
 * `type` is the failure's code. Never wraps a failure of Temporal's own, since the outermost error decides whether it is
 * repeated; what nobody knows stays as it is, and is repeated.
 */
function translate(error: unknown, patience: Patience): unknown {
  if (error instanceof ApplicationFailure || error instanceof CancelledFailure) return error;
  if (error instanceof Failure) return asApplicationFailure(error, patience);
  // What breaks off because of the cancellation is no error: Temporal must see its own reason.
  const { cancellationSignal } = Context.current();
  if (cancellationSignal.aborted) return cancellationSignal.reason;
  const failure = failureFromAwsError(error);
  return failure === null ? error : asApplicationFailure(failure, patience);
}

function asApplicationFailure(failure: Failure, patience: Patience): ApplicationFailure {
  return ApplicationFailure.create({
    message: failure.why === '' ? failure.message : `${failure.message} ${failure.why}`,
    type: failure.code,
    nonRetryable: failure.category === 'permanent' && patience === 'gives-up',
    details: [{ code: failure.code, why: failure.why, next: failure.next }],
  });
}

/**
 * "Not yet": Temporal repeats the activity after about the delay, without an event in the history, and shows the message
 * as the pending activity's last failure.
 */
export function notYet(
  type: 'StillTraining' | 'NotReady',
  message: string,
  delayMs: number,
): ApplicationFailure {
  const spread = 1 + activityLimits.jitter * (2 * Math.random() - 1);
  const failure = ApplicationFailure.create({
    type,
    message,
    nextRetryDelay: Math.round(delayMs * spread),
    category: ApplicationFailureCategory.BENIGN,
  });
  // It is no error: where it was made is of no use to whoever reads the message in the Web UI.
  failure.stack = '';
  return failure;
}
