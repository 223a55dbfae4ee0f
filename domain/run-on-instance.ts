/** A run that is, or was, on an instance. */
export interface RunOnInstance {
  readonly runId: string;
  readonly isOpen: boolean;
  /** Of the attempt; null when nobody said. */
  readonly phase: string | null;
  readonly startedAt: string;
}

/** Those that have the instance before those that only want it, or are leaving it. */
const phasesByRank = ['training', 'saving', 'preparing', 'launching', 'placing', 'releasing'];

/** The run that an instance's id stands for: the one that trains there, else the newest; null without any. */
export function pickRun(runs: readonly RunOnInstance[]): RunOnInstance | null {
  const [first] = [...runs].sort(
    (one, other) => rankOf(one) - rankOf(other) || other.startedAt.localeCompare(one.startedAt),
  );
  return first ?? null;
}

function rankOf({ isOpen, phase }: RunOnInstance): number {
  if (!isOpen) return phasesByRank.length + 1;
  const rank = phasesByRank.indexOf(phase ?? '');
  return rank === -1 ? phasesByRank.length : rank;
}
