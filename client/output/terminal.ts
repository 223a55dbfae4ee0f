import type { SparklineStyle } from '../../domain/sparkline';

/** What a text can count on where it is shown. */
export interface TextView {
  /** Letters in a line. */
  readonly width: number;
  readonly curves: SparklineStyle;
}

/** Wide enough for a table, where nobody says how wide it may be. */
const widthElsewhere = 160;

/** The view of stdout: as wide as the terminal; curves of plain letters where the locale has no others. */
export function textView(
  environment: NodeJS.ProcessEnv = process.env,
  stdout: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> = process.stdout,
): TextView {
  // A terminal that does not know its width says 0.
  const isKnown = stdout.isTTY && stdout.columns > 0;
  return {
    width: isKnown ? stdout.columns : widthElsewhere,
    curves: hasUnicode(environment) ? 'unicode' : 'ascii',
  };
}

/**
 * The first of these that is set decides, as in POSIX. Where none is, which formally means ASCII, Unicode is taken: that is
 * a container or a service, whose output is read elsewhere.
 */
function hasUnicode(environment: NodeJS.ProcessEnv): boolean {
  if (environment['TERM'] === 'dumb') return false;
  const locale = ['LC_ALL', 'LC_CTYPE', 'LANG']
    .map((name) => environment[name] ?? '')
    .find((value) => value !== '');
  return locale === undefined || /utf-?8/i.test(locale);
}

/** Cuts a text to a width, and shows that it was cut. */
export function cutTo(text: string, width: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 3))}...`;
}
