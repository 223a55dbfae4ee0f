import type { Instant } from './instant';
import { isObject } from './json-reader';

/** What a signal `spotInterruption` said, as far as it said anything. */
export interface Notice {
  /** Null: whoever sent it means today's instance. */
  readonly instanceId: string | null;
  /** When the notice was given. */
  readonly noticeAt: Instant | null;
  readonly source: string | null;
}

/**
 * Reads whatever came with a signal: nothing, text, garbage, our own fields, or AWS's event as EventBridge sends it.
 * Total: an input that says nothing is a notice about today's instance.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html
 */
export function readNotice(input: unknown): Notice {
  if (typeof input === 'string') {
    return { instanceId: readInstanceId(input), noticeAt: null, source: null };
  }
  if (!isObject(input)) return { instanceId: null, noticeAt: null, source: null };
  const detail = isObject(input['detail']) ? input['detail'] : {};
  return {
    instanceId: readText(input['instanceId'] ?? detail['instance-id'])?.trim() ?? null,
    noticeAt: readInstant(input['noticeAt'] ?? input['time']),
    source: readText(input['source']),
  };
}

/** What to do with a notice: it concerns today's instance, may concern the one being launched, or is of no use. */
export type NoticeVerdict = 'apply' | 'keep' | 'duplicate' | 'stale';

export interface NoticeContext {
  readonly instanceId: string | null;
  readonly isLaunchInFlight: boolean;
  /** The instance of today is known to be interrupted already. */
  readonly isInterrupted: boolean;
}

/** A hundred notices about one instance are one; a notice about another instance than today's is stale. */
export function judgeNotice(notice: Notice, today: NoticeContext): NoticeVerdict {
  if (today.instanceId === null) {
    return today.isLaunchInFlight && notice.instanceId !== null ? 'keep' : 'stale';
  }
  if (notice.instanceId !== null && notice.instanceId !== today.instanceId) return 'stale';
  return today.isInterrupted ? 'duplicate' : 'apply';
}

const noticeSeconds = 120;
/** Below that a save is still tried: the supervisor acts by itself, the save only joins it. */
const leastSeconds = 20;
/** The reply must be here before the instance is gone. */
const reserveSeconds = 5;

/**
 * Seconds that saving may take before the instance is gone.
 *
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html (two minutes)
 */
export function secondsToSave(notice: Notice, now: number): number {
  const given = notice.noticeAt === null ? now : Math.min(Date.parse(notice.noticeAt), now);
  const left = noticeSeconds - Math.floor((now - given) / 1000) - reserveSeconds;
  return Math.max(left, leastSeconds);
}

const readInstanceId = (text: string): string | null =>
  /^i-[0-9a-f]+$/.test(text.trim()) ? text.trim() : null;

const readText = (value: unknown): string | null =>
  typeof value === 'string' && value.trim() !== '' ? value.slice(0, 100) : null;

function readInstant(value: unknown): Instant | null {
  const moment = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(moment) ? null : new Date(moment).toISOString();
}
