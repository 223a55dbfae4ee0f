import { ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import { formatFailure } from '../domain/format';
import { migrateCarryOver } from '../domain/carry-over';
import type { AttemptOutcome } from '../domain/outcome';
import { quick } from './activity-proxies';
import { conclude } from './attempt-conclude';
import { launch, place } from './attempt-place';
import { prepare } from './attempt-prepare';
import { releaseAll } from './attempt-release';
import { train } from './attempt-train';
import { Turn } from './attempt-turn';
import type { RunResult } from './messages';
import { attempt } from './waiting';

/**
 * One instance's turn at a run, as the child of `trainingRun`; continues as new for the next turn, under one workflow id.
 *
 * The handlers of messages only record. Resuming is not called by an interruption: it is the next execution of this
 * function.
 */
export async function trainingAttempt(carried: unknown): Promise<RunResult> {
  const carry = migrateCarryOver(carried);
  if (carry === null) {
    const message =
      'The input is not the carried state of a run: start the workflow trainingRun, which starts this one.';
    throw ApplicationFailure.nonRetryable(formatFailure('invalid-spec', message), 'invalid-spec');
  }
  const turn = new Turn(carry);
  turn.inbox.listen();
  turn.view.listen();
  // Being cancelled is a message like the others: it is looked at between the steps, and never tears one apart.
  return CancellationScope.nonCancellable(async () => {
    turn.view.begin();
    const outcome = await takeTurn(turn);
    if (mayHaveSavedUnseen(outcome)) await learnLastSave(turn);
    const cost = await releaseAll(turn);
    return conclude(turn, outcome, cost);
  });
}

/** An instance publishes by itself: the last poll or the save may not have seen all of it. */
const mayHaveSavedUnseen = ({ kind }: AttemptOutcome): boolean =>
  kind === 'interrupted' || kind === 'instance-lost' || kind === 'trainer-lost';

/** Reads from the bucket what the attempt saved last, so that its record ends where the next one begins. */
async function learnLastSave(turn: Turn): Promise<void> {
  if (!turn.isStartAsked) return;
  // A record that tells less is no reason to hold up the run: the next attempt looks again before it resumes.
  await attempt(async () => {
    const options = { summary: 'Find what it saved last', scheduleToCloseTimeout: 60_000 };
    turn.learnCheckpoint(await quick.pickResumePoint.executeWithOptions(options, [turn.ref]));
  });
}

/** Goes through the phases until one of them ends the attempt. */
async function takeTurn(turn: Turn): Promise<AttemptOutcome> {
  const notLaunched = (await place(turn)) ?? (await launch(turn));
  if (notLaunched !== null) return notLaunched;
  const { instance } = turn;
  if (instance === null) throw new Error('A launch without an outcome has an instance.');
  return (await prepare(turn, instance)) ?? train(turn, instance);
}
