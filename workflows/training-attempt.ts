import { ApplicationFailure, CancellationScope } from '@temporalio/workflow';
import { formatFailure } from '../domain/format';
import { migrateCarryOver } from '../domain/carry-over';
import type { AttemptOutcome } from '../domain/outcome';
import { conclude } from './attempt-conclude';
import { launch, place } from './attempt-place';
import { prepare } from './attempt-prepare';
import { releaseAll } from './attempt-release';
import { train } from './attempt-train';
import { Turn } from './attempt-turn';
import type { RunResult } from './messages';

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
    const cost = await releaseAll(turn);
    return conclude(turn, outcome, cost);
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
