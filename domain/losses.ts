import { limits } from './limits';
import { sparkline, type SparklineStyle } from './sparkline';

/** A loss at a step; a pair, since it travels through reports, heartbeats and carried state that all have a bound. */
export type LossPoint = readonly [step: number, loss: number];

/**
 * The losses of a run out of those of earlier attempts and of a later one, oldest first, at most `limits.lossPoints`.
 * What the later one has trained again replaces what it had lost.
 */
export function joinLosses(
  earlier: readonly LossPoint[],
  later: readonly LossPoint[],
): readonly LossPoint[] {
  const [begin] = later;
  const kept = begin === undefined ? earlier : earlier.filter(([step]) => step < begin[0]);
  return thin([...kept, ...later], limits.lossPoints);
}

/** Keeps the first point of each of `max - 1` equal stretches of steps, and the last point of all. */
function thin(points: readonly LossPoint[], max: number): readonly LossPoint[] {
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined || points.length <= max) return points;
  const stretch = Math.max((last[0] - first[0]) / (max - 1), Number.EPSILON);
  const kept: LossPoint[] = [];
  let stretchOfLast = -1;
  for (const point of points.slice(0, -1)) {
    const index = Math.min(Math.floor((point[0] - first[0]) / stretch), max - 2);
    if (index !== stretchOfLast) kept.push(point);
    stretchOfLast = index;
  }
  return [...kept, last].slice(-max);
}

/**
 * The losses as a curve of at most `width` letters. Each letter is the mean of a stretch of steps, all of one length: the
 * newest attempt's points lie closer together than those of the attempts before, and must not take more room for that.
 */
export function lossCurve(
  points: readonly LossPoint[],
  width: number,
  style?: SparklineStyle,
): string {
  const [first, last] = [points[0]?.[0] ?? 0, points.at(-1)?.[0] ?? 0];
  const letters = Math.min(width, points.length);
  const stretch = Math.max((last - first) / letters, Number.EPSILON);
  const stretches = Array.from({ length: letters }, (): number[] => []);
  for (const [step, loss] of points) {
    stretches[Math.min(Math.floor((step - first) / stretch), letters - 1)]?.push(loss);
  }
  // A stretch without a point is as high as the one before it.
  let before = points[0]?.[1] ?? 0;
  const heights = stretches.map((losses) => {
    if (losses.length > 0) before = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    return before;
  });
  return sparkline(heights, width, style);
}

/** Reads what another version of runctl may have written; what is no loss is left out. */
export function readLosses(input: unknown): readonly LossPoint[] {
  if (!Array.isArray(input)) return [];
  return input.filter(isLossPoint).slice(-limits.lossPoints);
}

function isLossPoint(value: unknown): value is LossPoint {
  return Array.isArray(value) && value.length === 2 && value.every(Number.isFinite);
}
