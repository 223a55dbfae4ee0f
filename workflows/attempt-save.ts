import type { SaveInput, SaveReply } from '../activities/contract';
import type { LaunchedInstance } from '../domain/instance';
import { formatMaxCost } from '../domain/format';
import { judgeCompletion } from '../domain/judge-completion';
import { readNotice, secondsToSave } from '../domain/notice';
import type { AttemptOutcome } from '../domain/outcome';
import { requested, urgent } from './activity-proxies';
import { endedEarly } from './attempt-place';
import type { Turn } from './attempt-turn';
import { attempt, unless } from './waiting';

/** Delivery of the command and the reply, around the saving itself. */
const overheadSeconds = 60;
/**
 * After the trainer's end its outputs may be large; the supervisor tells when nothing moves any more, and the activity's
 * heartbeats tell when nobody waits for that any more. Longer than `publishPatienceMs` of the activity.
 */
const publishPatienceSeconds = 7 * 3_600;
/** Publishing needs its share of a notice: the trainer is asked to be done before. */
const publishReserveSeconds = 15;

/**
 * Saves what can be saved before the instance goes. A save that fails costs steps, not the run: the supervisor saves by
 * itself, and the next attempt resumes from whatever was published.
 */
export async function saveBeforeInterruption(
  turn: Turn,
  instance: LaunchedInstance,
  endWatching: () => void,
): Promise<AttemptOutcome> {
  endWatching();
  const seconds = secondsToSave(turn.inbox.interruption ?? readNotice(null), Date.now());
  turn.view.show(
    'saving',
    `Spot interruption of ${instance.instanceId}: saving within ${seconds} s`,
    'then it releases the instance and resumes on another',
  );
  const saved = await attempt(() =>
    urgent.saveCheckpoint.executeWithOptions(
      {
        summary: `Save within the notice, ${seconds} s`,
        scheduleToCloseTimeout: seconds * 1000,
      },
      [
        {
          ...turn.onInstance(instance),
          mode: 'save-and-stop',
          reason: 'interruption',
          saveTimeoutSeconds: Math.min(
            turn.spec.checkpoints.saveTimeoutSeconds,
            Math.max(seconds - publishReserveSeconds, 1),
          ),
        },
      ],
    ),
  );
  if (saved.kind === 'done') return learn(turn, saved.value) ?? interruptedBy('a Spot notice came');
  const why = saved.kind === 'failed' ? saved.problem.message : 'it was cancelled';
  return interruptedBy(`a Spot notice came, and saving did not succeed within it (${why})`);
}

/** Saves and ends the trainer, because the user wants it; a later `stop` with force does not wait for the save. */
export async function saveAndStop(
  turn: Turn,
  instance: LaunchedInstance,
  endWatching: () => void,
): Promise<AttemptOutcome> {
  endWatching();
  const why = turn.inbox.intent === 'cancel' ? 'cancelled' : 'stopped';
  return saveAndEnd(turn, instance, why);
}

/** Saves and ends the trainer, because the run has cost what it may. A trainer that was done by then is done. */
export async function saveForCost(
  turn: Turn,
  instance: LaunchedInstance,
  costUsd: number,
): Promise<AttemptOutcome> {
  const message = formatMaxCost(costUsd, turn.spec.budgets.maxCostUsd ?? costUsd);
  const outcome = await saveAndEnd(turn, instance, 'at its cost limit');
  return outcome.kind === 'stopped' ? { kind: 'cost-reached', message } : outcome;
}

async function saveAndEnd(
  turn: Turn,
  instance: LaunchedInstance,
  why: string,
): Promise<AttemptOutcome> {
  const isForced = () => turn.inbox.stop?.force === true;
  turn.view.show('saving', `The run is ${why}: saving`, 'then it releases the instance and ends');
  const graceful = await unless(isForced, () =>
    save(turn, instance, 'save-and-stop', `Save and stop, since the run is ${why}`),
  );
  if (graceful.kind === 'done') return learn(turn, graceful.value) ?? endedEarly;
  if (graceful.kind === 'failed') return endedEarly;
  turn.view.show('saving', 'Killing the trainer, as asked', 'then it releases and ends');
  const forced = await attempt(() =>
    save(turn, instance, 'force-stop', 'Kill the trainer, as asked'),
  );
  return forced.kind === 'done' ? (learn(turn, forced.value) ?? endedEarly) : endedEarly;
}

/** Saves while the training goes on; an interruption or an end does not wait for it. */
export async function saveAndGoOn(
  turn: Turn,
  instance: LaunchedInstance,
  isOver: () => boolean,
): Promise<void> {
  const { inbox, view } = turn;
  const requests = inbox.takeSaveRequests();
  view.show('saving', 'Saving a checkpoint, as asked; the training goes on', 'then it trains on');
  const saved = await unless(
    () => isOver() || turn.isCutShort(),
    () => save(turn, instance, 'save', 'Save a checkpoint, as asked'),
  );
  switch (saved.kind) {
    case 'given-up':
      inbox.putBack(requests);
      return;
    case 'failed':
      inbox.answer(requests, { kind: 'failed', message: saved.problem.message });
      return;
    case 'done':
      learn(turn, saved.value);
      inbox.answer(
        requests,
        saved.value.kind === 'saved'
          ? { kind: 'saved', checkpoint: turn.checkpoint }
          : { kind: 'failed', message: 'The instance is gone.' },
      );
      return;
  }
}

function save(
  turn: Turn,
  instance: LaunchedInstance,
  mode: SaveInput['mode'],
  summary: string,
): Promise<SaveReply> {
  const { saveTimeoutSeconds } = turn.spec.checkpoints;
  const seconds = mode === 'save' ? overheadSeconds : publishPatienceSeconds;
  const startToCloseTimeout = (saveTimeoutSeconds + seconds) * 1000;
  const input: SaveInput = {
    ...turn.onInstance(instance),
    mode,
    reason: 'stop',
    saveTimeoutSeconds,
  };
  return requested.saveCheckpoint.executeWithOptions({ summary, startToCloseTimeout }, [input]);
}

/** Takes in what a save tells; the outcome if the trainer has ended, else null. */
function learn(turn: Turn, reply: SaveReply): AttemptOutcome | null {
  const { isInterrupted } = turn.inbox;
  if (reply.kind === 'instance-gone') return judgeCompletion(reply, isInterrupted);
  turn.learnCheckpoint(reply.checkpoint);
  turn.learnSteps(null, reply.lastStep);
  turn.learnTrace(reply.trace);
  turn.trainerEnd = reply.result;
  return reply.result === null
    ? null
    : judgeCompletion({ kind: 'trainer-ended', result: reply.result, notice: null }, isInterrupted);
}

const interruptedBy = (message: string): AttemptOutcome => ({ kind: 'interrupted', message });
