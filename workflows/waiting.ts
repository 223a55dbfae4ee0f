import { CancellationScope, condition, isCancellation, sleep } from '@temporalio/workflow';
import { failureOf, type ActivityProblem } from './activity-problem';

export type Attempted<T> =
  | { readonly kind: 'done'; readonly value: T }
  /** It was no longer wanted, and has ended without a result. */
  | { readonly kind: 'given-up' }
  | { readonly kind: 'failed'; readonly problem: ActivityProblem };

/**
 * Runs activities that may be given up: once `isUnwanted` holds they are cancelled, and then awaited as their
 * cancellation type says, since a result that comes all the same counts.
 */
export async function unless<T>(
  isUnwanted: () => boolean,
  run: () => Promise<T>,
): Promise<Attempted<T>> {
  if (isUnwanted()) return { kind: 'given-up' };
  const scope = new CancellationScope({ cancellable: true });
  let attempted: Attempted<T> | undefined;
  const running = scope.run(run).then(
    (value) => {
      attempted = { kind: 'done', value };
    },
    (error: unknown) => {
      attempted = isCancellation(error)
        ? { kind: 'given-up' }
        : { kind: 'failed', problem: failureOf(error) };
    },
  );
  await condition(() => attempted !== undefined || isUnwanted());
  scope.cancel();
  await running;
  return attempted ?? { kind: 'given-up' };
}

/** Runs an activity to its end, whatever happens, and returns its failure as a value. */
export const attempt = <T>(run: () => Promise<T>): Promise<Attempted<T>> =>
  unless(() => false, run);

const firstDelaySeconds = 30;
/** At about ten events a round, Temporal's limit of 51,200 events is 35 days away. */
const longestDelaySeconds = 600;

/**
 * Repeats what must succeed in the end, also after a failure that the activity calls permanent: a missing permission
 * can be given, and until then the instance costs money.
 */
export async function insist<T>(
  summary: string,
  run: () => Promise<T>,
  onFailure: (problem: ActivityProblem) => void,
): Promise<T> {
  let delaySeconds = firstDelaySeconds;
  for (;;) {
    const attempted = await attempt(run);
    if (attempted.kind === 'done') return attempted.value;
    if (attempted.kind === 'failed') onFailure(attempted.problem);
    await sleep(delaySeconds * 1000, { summary: `Before another try: ${summary}` });
    delaySeconds = Math.min(delaySeconds * 2, longestDelaySeconds);
  }
}
