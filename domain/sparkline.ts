const levels = {
  unicode: '▁▂▃▄▅▆▇█',
  /** For terminals and logs that know no other letters. */
  ascii: '_.-~=+*#',
} as const;

export type SparklineStyle = keyof typeof levels;

/**
 * A curve as one line of text: `▇▅▃▂▁`. Longer lists are averaged down to `width`; a flat one is drawn low; what is not a
 * finite number is left out.
 */
export function sparkline(
  values: readonly number[],
  width: number,
  style: SparklineStyle = 'unicode',
): string {
  const shown = averageDown(
    values.filter((value) => Number.isFinite(value)),
    width,
  );
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  const letters = levels[style];
  const top = letters.length - 1;
  return shown
    .map((value) => (high > low ? Math.round(((value - low) / (high - low)) * top) : 0))
    .map((level) => letters.charAt(level))
    .join('');
}

function averageDown(values: readonly number[], width: number): readonly number[] {
  if (values.length <= width) return values;
  return Array.from({ length: width }, (_, index) => {
    const from = Math.floor((index * values.length) / width);
    const to = Math.floor(((index + 1) * values.length) / width);
    const part = values.slice(from, to);
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}
