import type { LogSelection } from '../../runs/log-reader';
import type { ArgumentProblems } from '../parse-options';

export interface LogOptions {
  readonly attempt?: string;
  readonly since?: string;
  readonly lines?: string;
}

const unitMs: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** Which part of a log a person wants; all of it where nothing was said and `defaultLines` is undefined. */
export function readLogSelection(
  options: LogOptions,
  problems: ArgumentProblems,
  defaultLines: number | undefined,
  nowMs: number,
): LogSelection {
  const attemptNumber = problems.number('--attempt', options.attempt, { min: 1 }, undefined);
  const sinceMs = readMoment('--since', options.since, problems, nowMs);
  const isAll = options.lines === 'all' || (options.lines === undefined && sinceMs !== undefined);
  const lastLines = isAll
    ? undefined
    : problems.number('--lines', options.lines, { min: 0 }, defaultLines);
  return {
    ...(attemptNumber === undefined ? {} : { attemptNumber }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
    ...(lastLines === undefined ? {} : { lastLines }),
  };
}

/** A moment in milliseconds since 1970; undefined when none was given, or what was given is neither a time nor an age. */
export function readMoment(
  place: string,
  text: string | undefined,
  problems: ArgumentProblems,
  nowMs: number,
): number | undefined {
  if (text === undefined) return undefined;
  const ageMs = parseAgeMs(text);
  if (ageMs !== null) return Math.max(0, nowMs - ageMs);
  // Without a year in front, Date.parse takes nearly anything for a date.
  const time = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  problems.add(place, 'a time (2026-01-31T12:00:00Z) or an age (90s, 10m, 2h, 1d)', text);
  return undefined;
}

/** `90s`, `10m`, `2h`, `1d`; null for anything else. */
export function parseAgeMs(text: string): number | null {
  const age = /^(\d+)([smhd])$/.exec(text);
  return age === null ? null : Number(age[1]) * (unitMs[age[2] ?? ''] ?? 0);
}
