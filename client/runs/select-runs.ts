import type { PurchaseOption } from '../../domain/instance';
import type { ListedRun } from './listed-run';

/** Which runs are wanted; what is absent wants them all. */
export interface RunSelection {
  readonly states?: readonly string[];
  /** A pattern for run ids: `*` is any text, `?` any letter. */
  readonly name?: string;
  readonly purchase?: PurchaseOption;
  /** Milliseconds since 1970: runs that began then or later. */
  readonly sinceMs?: number;
}

/** Every state that a run can be seen in, in the order of its life. */
export const runStates = [
  'waiting-for-capacity',
  'placing',
  'launching',
  'preparing',
  'training',
  'saving',
  'releasing',
  'completed',
  'stopped',
  'failed',
  'cancelled',
  'terminated',
] as const satisfies readonly ListedRun['state'][];

/** Whether a run is one of those wanted. */
export function isSelected(run: ListedRun, selection: RunSelection): boolean {
  const { states, name, purchase, sinceMs } = selection;
  return (
    (states === undefined || states.includes(run.state)) &&
    (name === undefined || matchesPattern(run.runId, name)) &&
    (purchase === undefined || run.purchase === purchase) &&
    (sinceMs === undefined || Date.parse(run.startedAt) >= sinceMs)
  );
}

/** What rows of a list are sorted by; each has the order in which a person looks for it. */
export const sortings = ['started', 'ended', 'state', 'step', 'cost', 'name'] as const;

export type Sorting = (typeof sortings)[number];

export interface SortableRun extends ListedRun {
  readonly step: number | null;
  readonly costUsd: number;
}

/** Sorts newest, furthest and dearest first, states by the order of a run's life, names by the alphabet. */
export function sortRuns<Run extends SortableRun>(runs: readonly Run[], by: Sorting): Run[] {
  return [...runs].sort((one, other) => compare(one, other, by) || compare(one, other, 'started'));
}

function compare(one: SortableRun, other: SortableRun, by: Sorting): number {
  switch (by) {
    case 'started':
      return other.startedAt.localeCompare(one.startedAt);
    case 'ended':
      // What goes on has not ended yet, so it comes first.
      return (other.endedAt ?? '9').localeCompare(one.endedAt ?? '9');
    case 'state':
      return stateRank(one) - stateRank(other);
    case 'step':
      return (other.step ?? -1) - (one.step ?? -1);
    case 'cost':
      return other.costUsd - one.costUsd;
    case 'name':
      return one.runId.localeCompare(other.runId);
  }
}

function stateRank({ state }: ListedRun): number {
  const rank = runStates.indexOf(state);
  return rank === -1 ? runStates.length : rank;
}

function matchesPattern(text: string, pattern: string): boolean {
  const source = pattern.replaceAll(/[.+^${}()|[\]\\*?]/g, (letter) =>
    letter === '*' ? '.*' : letter === '?' ? '.' : `\\${letter}`,
  );
  return new RegExp(`^${source}$`, 's').test(text);
}
