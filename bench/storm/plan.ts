import { seededRandom } from '../../test/support/seeded-random';

/** Where a run is held when it is disturbed. */
export const phases = [
  'placing',
  'waiting-for-capacity',
  'launching',
  'booting',
  'starting',
  'training',
  'saving',
  'releasing',
] as const;
export type PhaseName = (typeof phases)[number];

/** What happens to one run, and how a run then has to end. */
export const doings = {
  'signal without input': 'completed',
  'signal for its instance': 'completed',
  'signal with garbage': 'completed',
  'signal for another instance': 'completed',
  'the same signal 20 times': 'completed',
  'Spot notice': 'completed',
  'death without notice': 'completed',
  stop: 'stopped',
  'cancel of the parent': 'cancelled',
  'cancel of the child': 'cancelled',
  'terminate of the parent': 'terminated',
  'terminate of the child': 'failed',
} as const;
export type DoingName = keyof typeof doings;

/** What happens to the world around all runs of a batch, all of which then complete. */
const crashes = ['worker', 'temporal', 'localCloud'] as const;
type CrashName = (typeof crashes)[number];

/** One world with runs that are held in one phase. */
export interface Batch {
  readonly phase: PhaseName;
  /** Whether the runs were interrupted once before they are held. */
  readonly isAfterInterruption: boolean;
  readonly crash: CrashName | null;
  /** One run each; with a crash, nothing else happens to them. */
  readonly doings: readonly DoingName[];
  /** Between the moment when all runs are held and the doings. */
  readonly pauseMs: number;
  readonly garbage: string;
}

const garbages = ['"\\u0000"', '[]', '{"instanceId":42}', '"no instance"', '12e3', 'null'];
const runsOfACrash = 2;
const longestPauseMs = 2_000;

/** Every phase, before and after a first interruption, with every doing and every crash; the seed decides order and details. */
export function planStorm(seed: number): readonly Batch[] {
  const random = seededRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const batches = phases.flatMap((phase) =>
    [false, true].flatMap((isAfterInterruption) =>
      [null, ...crashes].map((crash): Batch => {
        const all = shuffle(Object.keys(doings) as DoingName[], random);
        return {
          phase,
          isAfterInterruption,
          crash,
          doings: crash === null ? all : all.slice(0, runsOfACrash),
          pauseMs: Math.floor(random() * longestPauseMs),
          garbage: pick(garbages),
        };
      }),
    ),
  );
  return shuffle(batches, random);
}

function shuffle<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, at: random() }))
    .toSorted((one, other) => one.at - other.at)
    .map(({ item }) => item);
}
