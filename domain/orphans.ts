import { appTagValue, protectingTagKeys, tagKeys } from './ids';
import type { Instant } from './instant';

/** What decides whether somebody owns an instance. */
export interface TaggedInstance {
  readonly instanceId: string;
  readonly launchedAt: Instant;
  readonly tags: Readonly<Record<string, string>>;
}

export type Ownership =
  /** runctl has nothing to do with it: never touched. */
  | { readonly kind: 'not-ours' }
  /** Made with `runctl aws create`, or lent to us; no run has launched it: never touched. */
  | { readonly kind: 'yours' }
  | { readonly kind: 'in-use' }
  /** Somebody asked to keep it: never touched. */
  | { readonly kind: 'protected'; readonly tag: string }
  /** Its run may not be visible yet. */
  | { readonly kind: 'young' }
  | { readonly kind: 'orphan'; readonly why: 'run-not-open' | 'superseded' };

/** The tag that protects an instance; null when none does. */
export const protectionOf = (tags: Readonly<Record<string, string>>): string | null =>
  protectingTagKeys.find((key) => tags[key]?.toLowerCase() === 'true') ?? null;

/**
 * The run that an instance was launched for; null when no run has launched it. An instance of the user's own may carry the
 * tag `app`, since it is what permits commands to it; only a launch gives one a run.
 */
export function runOf({ tags }: Pick<TaggedInstance, 'tags'>): string | null {
  const runId = tags[tagKeys.runId] ?? '';
  return tags[tagKeys.app] === appTagValue && runId !== '' ? runId : null;
}

/** The attempt that an instance was launched for; 0 when its tag does not say. */
export function attemptNumberOf({ tags }: Pick<TaggedInstance, 'tags'>): number {
  const value = Number(tags[tagKeys.attempt]);
  return Number.isSafeInteger(value) ? value : 0;
}

/**
 * Judges whether a live instance is an orphan: launched by a run that is over or unknown, or by an attempt of an open run
 * that a later one has superseded. The reaper and `resources cleanup` both do what this says.
 *
 * @param live All live instances of ours, this one among them.
 * @param isRunOpen Whether the workflow of the instance's run is open.
 */
export function judgeOwnership(
  instance: TaggedInstance,
  live: readonly TaggedInstance[],
  isRunOpen: boolean,
  at: { readonly nowMs: number; readonly graceSeconds: number },
): Ownership {
  const runId = runOf(instance);
  if (runId === null) {
    return { kind: instance.tags[tagKeys.app] === appTagValue ? 'yours' : 'not-ours' };
  }
  // An attempt launches only after the one before it was released, so what an older one still has is a leftover.
  const isSuperseded = live.some(
    (other) => runOf(other) === runId && attemptNumberOf(other) > attemptNumberOf(instance),
  );
  if (isRunOpen && !isSuperseded) return { kind: 'in-use' };
  const tag = protectionOf(instance.tags);
  if (tag !== null) return { kind: 'protected', tag };
  const ageSeconds = (at.nowMs - Date.parse(instance.launchedAt)) / 1_000;
  if (ageSeconds < at.graceSeconds) return { kind: 'young' };
  return { kind: 'orphan', why: isRunOpen ? 'superseded' : 'run-not-open' };
}
