import { Context } from '@temporalio/activity';
import { whyGone } from '../aws/instance-view';
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
  const { info } = Context.current();
  const before = readBoot(info.heartbeatDetails);
  const view = await cloud.instances.read(instanceId);
  const seenAt = new Date().toISOString();
  const ageMs = Date.now() - info.scheduledTimestampMs;
  if (view === null && ageMs < activityLimits.consistencyMs) {
    throw notReady(before, `EC2 does not know ${instanceId} yet`, pace.bootIntervalMs);
  }
  const gone = whyGone(view, instanceId);
  if (gone !== null) return { kind: 'instance-gone', gone };
  if (view?.state !== 'running') {
    const message = `${instanceId} is ${view?.state ?? 'unknown'}`;
    throw notReady({ ...before, pendingAt: seenAt }, message, pace.bootIntervalMs);
  }
  const { launchedAt } = view;
  const { pendingAt } = before;
  const runningAt =
    before.runningAt ?? estimateRunningAt({ launchedAt, pendingAt, seenRunningAt: seenAt });
  if (!(await cloud.agents.isOnline(instanceId))) {
    const message = `${instanceId} runs, but its SSM agent has not registered yet`;
    throw notReady({ pendingAt, runningAt }, message, pace.bootIntervalMs);
  }
  return { kind: 'ready', runningAt };
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
