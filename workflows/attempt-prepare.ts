import type { StartSpec } from '../activities/contract';
import type { LaunchedInstance } from '../domain/instance';
import { formatAlreadyRunning, formatInstance } from '../domain/format';
import { judgeCompletion } from '../domain/judge-completion';
import type { AttemptOutcome } from '../domain/outcome';
import type { TrainingRunSpec } from '../domain/run-spec';
import { boot, change } from './activity-proxies';
import type { ActivityProblem } from './activity-problem';
import { endedEarly, type PhaseEnd } from './attempt-place';
import type { Turn } from './attempt-turn';
import { beginCostLimit, type CostLimit } from './cost-limit';
import { unless } from './waiting';

const minuteMs = 60_000;
/** Booting takes about a minute; what is not there after this does not come. */
const readyTimeoutMs = 15 * minuteMs;
/** SSM answers in seconds; behind this are its own outages. */
const startTimeoutMs = 10 * minuteMs;

/** Waits until the instance answers, and starts the supervisor on it; no longer than the run may cost. */
export async function prepare(turn: Turn, instance: LaunchedInstance): Promise<PhaseEnd> {
  if (turn.isCutShort()) return cutShort(turn);
  const limit = beginCostLimit(turn, instance, readyTimeoutMs + startTimeoutMs);
  try {
    return (
      (await awaitReady(turn, instance, limit)) ?? (await startTraining(turn, instance, limit))
    );
  } finally {
    limit.end();
  }
}

async function awaitReady(
  turn: Turn,
  instance: LaunchedInstance,
  limit: CostLimit,
): Promise<PhaseEnd> {
  const name = formatInstance(instance);
  turn.view.show('preparing', `Waiting for ${name} to answer`, 'then it starts the script');
  const ready = await unless(isUnwanted(turn, limit), () =>
    boot.awaitInstanceReady.executeWithOptions(
      {
        summary: `Wait for ${instance.instanceId} to boot`,
        scheduleToCloseTimeout: readyTimeoutMs,
      },
      [turn.onInstance(instance)],
    ),
  );
  if (ready.kind === 'given-up') return cutShort(turn, limit);
  if (ready.kind === 'failed') return notReady(instance, ready.problem);
  if (ready.value.kind === 'instance-gone') {
    return judgeCompletion(ready.value, turn.inbox.isInterrupted);
  }
  turn.runningAt = ready.value.runningAt ?? null;
  return null;
}

async function startTraining(
  turn: Turn,
  instance: LaunchedInstance,
  limit: CostLimit,
): Promise<PhaseEnd> {
  const { spec } = turn;
  turn.view.show(
    'preparing',
    `Starting ${spec.script} on ${formatInstance(instance)}`,
    'then it trains',
  );
  const from = turn.resumeFrom === null ? 'from the start' : `from step ${turn.resumeFrom.step}`;
  const started = await unless(isUnwanted(turn, limit), () => {
    turn.isStartAsked = true;
    return change.startTraining.executeWithOptions(
      { summary: `Start ${spec.script} ${from}`, scheduleToCloseTimeout: startTimeoutMs },
      [
        {
          ...turn.onInstance(instance),
          ...startSpec(spec),
          resumeFrom: turn.resumeFrom,
          isOurs: instance.isOurs,
        },
      ],
    );
  });
  if (started.kind === 'given-up') return cutShort(turn, limit);
  if (started.kind === 'failed') return notReady(instance, started.problem);
  switch (started.value.kind) {
    case 'started':
      return null;
    case 'already-running': {
      const { pid, runId, since } = started.value;
      const message = formatAlreadyRunning(instance.instanceId, pid);
      return { kind: 'refused', code: 'already-running', message, other: { pid, runId, since } };
    }
    case 'instance-gone':
      return judgeCompletion(started.value, turn.inbox.isInterrupted);
  }
}

function startSpec(spec: TrainingRunSpec): StartSpec {
  const { code, script, scriptArgs, environment, checkpoints } = spec;
  const { completion, secrets, data, dependencies, container } = spec;
  return {
    ...{ code, script, scriptArgs, environment, checkpoints },
    ...{ completion, secrets, data, dependencies, container },
  };
}

const isUnwanted = (turn: Turn, limit: CostLimit) => (): boolean =>
  turn.isCutShort() || limit.reached !== null;

/** What somebody asked for comes before what the run may cost. */
function cutShort(turn: Turn, limit?: CostLimit): AttemptOutcome {
  if (turn.inbox.isInterrupted) {
    return { kind: 'interrupted', message: 'a notice came before the training had begun' };
  }
  return turn.inbox.isEnding ? endedEarly : (limit?.reached ?? endedEarly);
}

/** Another instance may do better than one of ours that stays silent; an instance of the user's has no other. */
function notReady(instance: LaunchedInstance, problem: ActivityProblem): AttemptOutcome {
  if (!problem.isTimeout) return { kind: 'refused', ...problem };
  return instance.isOurs
    ? { kind: 'instance-lost', message: problem.message }
    : { kind: 'refused', code: 'instance-not-ready', message: problem.message };
}
