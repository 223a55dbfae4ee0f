import { listInstanceTypes } from '../../../local-cloud/catalogue/instance-types';
import { seededRandom } from '../../support/seeded-random';

/** What comes between a run and its end. */
type Happening =
  | { readonly kind: 'notice'; readonly warningSeconds: number }
  | {
      readonly kind:
        | 'nothing'
        | 'death'
        | 'signal'
        | 'stop'
        | 'forced stop'
        | 'cancel'
        | 'terminated child'
        | 'slow boot'
        | 'cost limit';
    };

/** One run of the comparison: what it asks for, how long its script works, and what happens to it. */
export interface PlannedRun {
  readonly name: string;
  readonly instanceType: string;
  /** Null leaves the choice to EC2. */
  readonly zone: string | null;
  readonly purchase: 'spot' | 'on-demand';
  readonly workSeconds: number;
  readonly happening: Happening;
  /** Whether it happens as soon as there is an instance, or once the script works. */
  readonly since: 'launch' | 'first step';
  readonly afterSeconds: number;
}

const zones = ['us-east-1a', 'us-east-1b', 'us-east-1c', null] as const;
const happenings = [
  ...['nothing', 'notice', 'notice', 'notice', 'death', 'death', 'signal', 'stop'],
  ...['forced stop', 'cancel', 'terminated child', 'slow boot', 'cost limit'],
] as const;
/** Up to here EC2 bills one minute whatever happens; the others go past it, where every second counts. */
const shortSeconds = 20;
const [pastMinuteSeconds, longestSeconds] = [55, 110];

/**
 * So many runs, all decided by the seed.
 *
 * @param longShare how many of them go on for more than the minute that is billed at least, from 0 to 1.
 */
export function planBills(seed: number, count: number, longShare: number): readonly PlannedRun[] {
  const random = seededRandom(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const between = (from: number, to: number): number => from + random() * (to - from);
  const types = listInstanceTypes().map(({ name }) => name);
  return Array.from({ length: count }, (_, index) => {
    const isLong = random() < longShare;
    const workSeconds = isLong
      ? between(pastMinuteSeconds, longestSeconds)
      : between(1, shortSeconds);
    const kind = pick(happenings);
    return {
      name: `bill-${seed}-${String(index + 1).padStart(3, '0')}`,
      instanceType: pick(types),
      zone: pick(zones),
      // EC2 takes back Spot instances only.
      purchase: kind === 'notice' || random() < 0.6 ? 'spot' : 'on-demand',
      workSeconds: Math.round(workSeconds),
      happening:
        kind === 'notice' ? { kind, warningSeconds: Math.round(between(2, 30)) } : { kind },
      since: random() < 0.25 ? 'launch' : 'first step',
      afterSeconds: Math.round(between(0, workSeconds) * 10) / 10,
    };
  });
}

/** `m5.large, us-east-1a, spot, 12 s, notice (8 s) 3.2 s after the first step` */
export function describePlan(run: PlannedRun): string {
  const { instanceType, zone, purchase, workSeconds, happening, since, afterSeconds } = run;
  const warning = happening.kind === 'notice' ? ` (${happening.warningSeconds} s)` : '';
  const when = happening.kind === 'nothing' ? '' : ` ${afterSeconds} s after the ${since}`;
  const place = zone ?? 'any zone';
  return `${instanceType}, ${place}, ${purchase}, ${workSeconds} s, ${happening.kind}${warning}${when}`;
}
