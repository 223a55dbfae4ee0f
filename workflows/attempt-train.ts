import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { WatchVerdict } from '../activities/contract';
import type { LaunchedInstance } from '../domain/instance';
import { formatInstance } from '../domain/format';
import { judgeCompletion } from '../domain/judge-completion';
import type { AttemptOutcome } from '../domain/outcome';
import { watch } from './activity-proxies';
import { failureOf, type ActivityProblem } from './activity-problem';
import { saveAndGoOn, saveAndStop, saveBeforeInterruption } from './attempt-save';
import type { Turn } from './attempt-turn';

/** The poll that goes on while the trainer lives. */
interface Watching {
  verdict: WatchVerdict | null;
  problem: ActivityProblem | null;
  /** Ends the poll without waiting for it: the save that follows has no time to lose. */
  readonly cancel: () => void;
}

/** Watches the trainer until it ends, is interrupted, or the user wants it to end. */
export async function train(turn: Turn, instance: LaunchedInstance): Promise<AttemptOutcome> {
  const { inbox } = turn;
  const watching = beginWatching(turn, instance);
  const isOver = () => watching.verdict !== null || watching.problem !== null;
  inbox.isTraining = true;
  try {
    for (;;) {
      showTraining(turn, instance);
      await condition(() => isOver() || turn.isCutShort() || inbox.hasSaveRequests);
      // The trainer's own end comes first: a training that has completed was not interrupted.
      if (watching.verdict !== null) return judgeVerdict(turn, watching.verdict);
      if (watching.problem !== null) return { kind: 'refused', ...watching.problem };
      if (inbox.isInterrupted) return await saveBeforeInterruption(turn, instance, watching.cancel);
      if (inbox.isEnding) return await saveAndStop(turn, instance, watching.cancel);
      await saveAndGoOn(turn, instance, isOver);
    }
  } finally {
    inbox.isTraining = false;
    watching.cancel();
  }
}

function beginWatching(turn: Turn, instance: LaunchedInstance): Watching {
  const scope = new CancellationScope({ cancellable: true });
  const watching: Watching = {
    verdict: null,
    problem: null,
    cancel: () => {
      scope.cancel();
    },
  };
  const summary = `Watch ${turn.spec.script} on ${instance.instanceId}`;
  const input = {
    ...turn.onInstance(instance),
    resumeStep: turn.resumeFrom?.step ?? null,
    strictResume: turn.spec.checkpoints.strictResume,
  };
  void scope
    .run(() => watch.watchTraining.executeWithOptions({ summary }, [input]))
    .then(
      (verdict) => {
        watching.verdict = verdict;
      },
      (error: unknown) => {
        if (!isCancellation(error)) watching.problem = failureOf(error);
      },
    );
  return watching;
}

function judgeVerdict(turn: Turn, verdict: WatchVerdict): AttemptOutcome {
  switch (verdict.kind) {
    case 'trainer-ended':
      turn.learnCheckpoint(verdict.checkpoint);
      turn.learnSteps(verdict.firstStep, verdict.lastStep);
      turn.learnTrace(verdict.trace);
      turn.trainerEnd = verdict.result;
      break;
    case 'trainer-lost':
    case 'instance-gone':
      turn.learnSteps(verdict.firstStep, verdict.lastStep);
      turn.learnTrace(verdict.trace);
      break;
    case 'resume-ignored':
      turn.learnSteps(verdict.firstStep, verdict.firstStep);
      break;
    case 'preparation-failed':
      break;
  }
  return judgeCompletion(verdict, turn.inbox.isInterrupted);
}

function showTraining(turn: Turn, instance: LaunchedInstance): void {
  const from = turn.resumeFrom === null ? 'from the start' : `from step ${turn.resumeFrom.step}`;
  turn.view.show(
    'training',
    `Training on ${formatInstance(instance)}, ${from}; the pending activity shows the step`,
    'at the end it cleans up and releases the instance; at an interruption it saves and moves on',
  );
}
