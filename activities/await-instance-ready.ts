import { Context } from '@temporalio/activity';
import type { Cloud } from '../aws/connect-cloud';
import { whyGone, type InstanceView } from '../aws/instance-view';
import { wait } from '../aws/wait';
import { estimateRunningAt } from '../domain/bill';
import type { Instant } from '../domain/instant';
import { isObject } from '../domain/json-reader';
import { notYet } from './application-failure';
import type { OnInstance, ReadyReply } from './contract';
import type { ActivityDependencies } from './dependencies';
import { activityLimits } from './limits';

/** What earlier looks have seen: kept as heartbeat details. */
interface Boot {
  /** The last look that saw the instance pending. */
  readonly pendingAt: Instant | null;
  readonly runningAt: Instant | null;
}

/** @see ControlActivities.awaitInstanceReady */
export async function awaitInstanceReady(
  { cloud, pace }: ActivityDependencies,
  { instanceId }: OnInstance,
): Promise<ReadyReply> {
  const { info, cancellationSignal } = Context.current();
  const { pendingAt, ...known } = readBoot(info.heartbeatDetails);
  const look = await lookWhilePending(cloud, instanceId, cancellationSignal);
  const { view, seenAt } = look;
  const before: Boot = { ...known, pendingAt: look.pendingAt ?? pendingAt };
  const ageMs = Date.now() - info.scheduledTimestampMs;
  if (view === null && ageMs < activityLimits.consistencyMs) {
    throw notReady(before, `EC2 does not know ${instanceId} yet`, pace.bootIntervalMs);
  }
  const gone = whyGone(view, instanceId);
  if (gone !== null) return { kind: 'instance-gone', gone };
  if (view?.state !== 'running') {
    const message = `${instanceId} is ${view?.state ?? 'unknown'}`;
    throw notReady(before, message, pace.bootIntervalMs);
  }
  const { launchedAt } = view;
  const seen = { launchedAt, pendingAt: before.pendingAt, seenRunningAt: seenAt };
  const runningAt = before.runningAt ?? estimateRunningAt(seen);
  if (!(await cloud.agents.isOnline(instanceId))) {
    const message = `${instanceId} runs, but its SSM agent has not registered yet`;
    throw notReady({ ...before, runningAt }, message, pace.bootIntervalMs);
  }
  return { kind: 'ready', runningAt };
}

interface Look {
  readonly view: InstanceView | null;
  readonly seenAt: Instant;
  /** The last of these looks that saw the instance pending. */
  readonly pendingAt: Instant | null;
}

/**
 * Looks until the instance is no longer pending, or for a while: its bill begins when it is running, and EC2 tells nobody
 * when that was, so the closer the looks are the better it is known.
 */
async function lookWhilePending(
  { instances }: Cloud,
  instanceId: string,
  signal: AbortSignal,
): Promise<Look> {
  const { pendingWatchMs, pendingLookMs } = activityLimits;
  const untilMs = Date.now() + pendingWatchMs;
  let pendingAt: Instant | null = null;
  for (;;) {
    const view = await instances.read(instanceId);
    const seenAt = new Date().toISOString();
    if (view?.state !== 'pending') return { view, seenAt, pendingAt };
    pendingAt = seenAt;
    if (Date.now() >= untilMs) return { view, seenAt, pendingAt };
    await wait(pendingLookMs, signal);
  }
}

/** Heartbeat details come back with the next look, without a history event. */
function notReady(boot: Boot, message: string, delayMs: number): Error {
  Context.current().heartbeat(boot);
  return notYet('NotReady', message, delayMs);
}

function readBoot(details: unknown): Boot {
  const [pendingAt, runningAt] = ['pendingAt', 'runningAt'].map((name) => {
    const value = isObject(details) ? details[name] : null;
    return typeof value === 'string' ? value : null;
  });
  return { pendingAt: pendingAt ?? null, runningAt: runningAt ?? null };
}
