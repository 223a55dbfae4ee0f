import { condition, workflowInfo } from '@temporalio/workflow';
import type { LaunchReply } from '../activities/contract';
import { avoidPools, decidePlacement, purchaseFor, stillAvoided } from '../domain/decide-placement';
import { formatCapacity, formatDuration } from '../domain/format';
import type { AttemptOutcome } from '../domain/outcome';
import { metadataHopLimit } from '../domain/run-spec';
import { change, quick } from './activity-proxies';
import { takeInAlerts } from './attempt-alerts';
import type { Turn } from './attempt-turn';
import { unless } from './waiting';

/** Each phase returns the outcome if the attempt ends in it, and null to go on. */
export type PhaseEnd = AttemptOutcome | null;

/** What a phase returns that was left because the user asked for an end; which end, is settled later. */
export const endedEarly: AttemptOutcome = { kind: 'stopped' };

/** Raises the fence, so that no earlier attempt publishes any more, and finds the checkpoint to resume from. */
export async function place(turn: Turn): Promise<PhaseEnd> {
  const { carry, view } = turn;
  const waitMs = carry.notBefore === null ? 0 : Date.parse(carry.notBefore) - Date.now();
  if (waitMs > 0) {
    view.show(
      'placing',
      `Waiting until ${carry.notBefore ?? ''}: ${carry.why}`,
      'then it looks whether the instance still runs',
    );
    const summary = 'Until it shows whether the instance was really taken';
    await condition(turn.isEnding, waitMs, { summary });
  }
  view.show('placing', 'Looking for the newest checkpoint', 'then it asks EC2 for an instance');
  const picked = await unless(turn.isEnding, () =>
    quick.pickResumePoint.executeWithOptions(
      { summary: 'Find the newest checkpoint that verifies' },
      [turn.ref],
    ),
  );
  if (picked.kind === 'given-up') return endedEarly;
  if (picked.kind === 'failed') return { kind: 'refused', ...picked.problem };
  turn.resumeFrom = picked.value;
  turn.learnCheckpoint(picked.value);
  return null;
}

/** Launches an instance; through a shortage it waits, or goes where the spec allows. */
export async function launch(turn: Turn): Promise<PhaseEnd> {
  for (;;) {
    const reply = await askForInstance(turn);
    if (reply === null) return endedEarly;
    if (reply.kind === 'refused') return reply;
    if (reply.kind === 'launched') {
      turn.instance = reply.instance;
      turn.shortage = null;
      turn.view.showInstance();
      await takeInAlerts(turn, reply.alerts);
      return null;
    }
    const end = await passShortage(turn, reply);
    if (end !== null) return end;
  }
}

type Refusal = AttemptOutcome & { kind: 'refused' };
type ShortageReply = LaunchReply & { kind: 'capacity-shortage' };
type Answer = (LaunchReply & { kind: 'launched' }) | ShortageReply | Refusal | null;

async function askForInstance(turn: Turn): Promise<Answer> {
  const { spec, view, inbox } = turn;
  const purchase = purchaseFor(spec.capacity, turn.shortage?.failedLaunches ?? 0);
  const avoided = stillAvoided(turn.avoidedPools, Date.now());
  view.show(
    'launching',
    `Asking for ${formatCapacity(spec.capacity)}`,
    'then it waits for the instance to boot',
  );
  const summary = `Launch ${formatCapacity(spec.capacity)}, paid as ${purchase}`;
  const attempted = await unless(turn.isEnding, () => {
    turn.isLaunchAsked = true;
    inbox.launchBegins();
    return change.launchInstance.executeWithOptions({ summary }, [
      {
        ...turn.ref,
        capacity: spec.capacity,
        purchase,
        avoidPools: avoided.map(({ instanceType, zone }) => ({ instanceType, zone })),
        tab: turn.tab,
        metadataHopLimit: metadataHopLimit(spec.container),
      },
    ]);
  });
  const reply = attempted.kind === 'done' ? attempted.value : null;
  inbox.launchAnswered(reply?.kind === 'launched' ? reply.instance.instanceId : null);
  if (attempted.kind === 'failed') return { kind: 'refused', ...attempted.problem };
  if (reply?.kind !== 'not-usable') return reply;
  const wasTaken = turn.carry.history.interruptionCount > 0;
  const code = wasTaken ? 'instance-lost' : 'instance-not-usable';
  return { kind: 'refused', code, message: reply.message };
}

/** Waits as decided; the wait ends at once when the user asks for an end. */
async function passShortage(turn: Turn, reply: ShortageReply): Promise<PhaseEnd> {
  const now = Date.now();
  turn.avoidedPools = avoidPools(turn.avoidedPools, reply.pools, now);
  turn.shortage = {
    since: turn.shortage?.since ?? new Date(now).toISOString(),
    failedLaunches: (turn.shortage?.failedLaunches ?? 0) + 1,
    message: reply.message,
  };
  const step = decidePlacement(turn.shortage, turn.spec.capacity, turn.spec.budgets, now);
  switch (step.kind) {
    case 'launch':
      return null;
    case 'give-up':
      return reply.isQuota
        ? {
            kind: 'refused',
            code: reply.isOwnLimit === true ? 'too-many-instances' : 'quota-exceeded',
            message: step.message,
          }
        : { kind: 'capacity-shortage', message: step.message };
    case 'wait': {
      const wait = formatDuration(step.seconds);
      turn.view.show(
        'waiting-for-capacity',
        `${reply.message} (try ${turn.shortage.failedLaunches})`,
        `then it tries again at ${new Date(now + step.seconds * 1000).toISOString()}`,
      );
      const summary = `Wait ${wait} for capacity`;
      await condition(turn.isEnding, step.seconds * 1000, { summary });
      if (turn.inbox.isEnding) return endedEarly;
      turn.isWaitToBeContinued = workflowInfo().continueAsNewSuggested;
      return turn.isWaitToBeContinued ? endedEarly : null;
    }
  }
}
