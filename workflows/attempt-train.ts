import { CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { WatchVerdict } from '../activities/contract';
import type { LaunchedInstance } from '../domain/instance';
import { formatInstance } from '../domain/format';
import { judgeCompletion } from '../domain/judge-completion';
import type { AttemptOutcome } from '../domain/outcome';
import { watch } from './activity-proxies';
import { failureOf, type ActivityProblem } from './activity-problem';
import { takeInAlerts } from './attempt-alerts';
import { saveAndGoOn, saveAndStop, saveBeforeInterruption, saveForCost } from './attempt-save';
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
  let watching = beginWatching(turn, instance);
  const hasNews = () => watching.verdict !== null || watching.problem !== null;
  const isOver = () => hasNews() && (watching.verdict === null || isEnd(watching.verdict));
  inbox.isTraining = true;
  try {
    for (;;) {
      showTraining(turn, instance);
      await condition(() => hasNews() || turn.isCutShort() || inbox.hasSaveRequests);
      const { verdict, problem, cancel } = watching;
      // The trainer's own end comes first: a training that has completed was not interrupted.
      if (verdict !== null && isEnd(verdict)) return judgeVerdict(turn, verdict);
      if (problem !== null) return { kind: 'refused', ...problem };
      if (inbox.isInterrupted) return await saveBeforeInterruption(turn, instance, cancel);
      if (inbox.isEnding) return await saveAndStop(turn, instance, cancel);
      if (verdict?.kind === 'cost-reached') {
        return await saveForCost(turn, instance, verdict.costUsd);
      }
      if (verdict?.kind === 'alerts') {
        turn.learnSteps(verdict.firstStep, verdict.lastStep);
        await takeInAlerts(turn, verdict.alerts);
        watching = beginWatching(turn, instance);
      } else {
        await saveAndGoOn(turn, instance, isOver);
      }
    }
  } finally {
    inbox.isTraining = false;
    watching.cancel();
  }
}

type End = Exclude<WatchVerdict, { kind: 'alerts' | 'cost-reached' }>;

const isEnd = (verdict: WatchVerdict): verdict is End =>
  verdict.kind !== 'alerts' && verdict.kind !== 'cost-reached';

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
    meter: turn.meter(instance),
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

function judgeVerdict(turn: Turn, verdict: End): AttemptOutcome {
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
