import { ApplicationFailure, CancelledFailure, Context, sleep } from '@temporalio/activity';
import { inTemporalTerms, notYet, type Patience } from '../../activities/application-failure';
import { wait } from '../../aws/wait';
import { Failure } from '../../domain/failure';
import { newActivityEnvironment } from '../support/activity-environment';

const caught = async (error: unknown, patience: Patience = 'gives-up'): Promise<unknown> => {
  // Anything may be thrown by a library.
  const activity = inTemporalTerms(patience, () => Promise.reject(error as Error));
  return newActivityEnvironment()
    .run(activity)
    .catch((thrown: unknown) => thrown);
};

test('what needs a person is not repeated, and keeps its code and its advice', async () => {
  const failure = await caught(
    new Failure('bucket-missing', 'There is no bucket b.', { why: 'W.' }),
  );
  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect(failure).toMatchObject({
    type: 'bucket-missing',
    nonRetryable: true,
    message: 'There is no bucket b. W.',
  });
});

test('what cleans up is repeated even then', async () => {
  expect(await caught(new Failure('no-credentials', 'Gone.'), 'never-gives-up')).toMatchObject({
    type: 'no-credentials',
    nonRetryable: false,
  });
});

test('what passes is repeated, and what nobody knows stays as it is', async () => {
  expect(await caught(new Failure('aws-unavailable', 'Later.'))).toMatchObject({
    nonRetryable: false,
  });
  const bug = new TypeError('x is undefined');
  expect(await caught(bug)).toBe(bug);
});

test("a failure in Temporal's own terms is never wrapped", async () => {
  const own = ApplicationFailure.nonRetryable('m', 't');
  expect(await caught(own)).toBe(own);
});

test('an activity that is cancelled in the middle of a wait ends as cancelled', async () => {
  const environment = newActivityEnvironment();
  const activity = inTemporalTerms('gives-up', () =>
    wait(60_000, Context.current().cancellationSignal),
  );
  const ended = environment.run(activity);
  environment.cancel('CANCELLED');
  await expect(ended).rejects.toBeInstanceOf(CancelledFailure);
  await expect(environment.run(() => sleep(1))).rejects.toBeInstanceOf(CancelledFailure);
});

test('"not yet" is benign and spreads its delay', () => {
  const delays = Array.from({ length: 50 }, () =>
    Number(notYet('StillTraining', 'step 1', 1_000).nextRetryDelay),
  );
  expect(notYet('StillTraining', 'step 1', 1_000)).toMatchObject({
    type: 'StillTraining',
    category: 'BENIGN',
    nonRetryable: false,
  });
  expect(Math.min(...delays)).toBeGreaterThanOrEqual(800);
  expect(Math.max(...delays)).toBeLessThanOrEqual(1_200);
  expect(new Set(delays).size).toBeGreaterThan(10);
});
