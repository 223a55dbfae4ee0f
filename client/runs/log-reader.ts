import type { CloudAccess } from '../cloud-access';
import { limits } from '../limits';
import { LineCutter } from './log-lines';

export interface LogSelection {
  /** Only this attempt's lines. */
  readonly attemptNumber?: number;
  /** Only what was published at this moment or later, in milliseconds; exact to the supervisor's pace of publishing. */
  readonly sinceMs?: number;
  /** Only so many last lines of what is there when the reading begins; then everything that comes. */
  readonly lastLines?: number;
}

export interface LogSink {
  /** Whole lines in order; a batch is at most one published piece of a log. */
  readonly onLines: (lines: readonly string[], attemptNumber: number) => void;
  /** Nothing more comes of this attempt. */
  readonly onAttemptEnd?: (attemptNumber: number) => void;
}

export type LogSource = Pick<CloudAccess, 'listLog' | 'readLogPiece'>;

/**
 * Reads a run's log from one attempt to the next and remembers where it is, so that every line comes once and in order,
 * also when a read fails half-way and is repeated. Holds one piece of the log in memory at a time.
 */
export class LogReader {
  private attemptNumber: number;
  private lastKey: string | undefined;
  private cutter = new LineCutter(limits.logLineBytes);
  private linesToSkip = 0;
  private hasBegun = false;
  private hasEnded = false;

  constructor(
    private readonly source: LogSource,
    private readonly runId: string,
    private readonly selection: LogSelection = {},
  ) {
    this.attemptNumber = selection.attemptNumber ?? 1;
  }

  /**
   * Reads what is there of the attempts up to `newestAttempt`. An attempt below it is over, and the newest is when
   * `isOver`: then its last line counts even without an end.
   */
  async read(newestAttempt: number, isOver: boolean, sink: LogSink): Promise<void> {
    const last = this.selection.attemptNumber ?? newestAttempt;
    if (!this.hasBegun && this.selection.lastLines !== undefined) {
      await this.seekLastLines(last, this.selection.lastLines);
    }
    this.hasBegun = true;
    while (this.attemptNumber <= last && !this.hasEnded) {
      await this.readAttempt(sink);
      const isAttemptOver = this.attemptNumber < newestAttempt || isOver;
      if (!isAttemptOver) return;
      this.emit([...this.cutter.end()], sink);
      sink.onAttemptEnd?.(this.attemptNumber);
      this.hasEnded = this.attemptNumber === this.selection.attemptNumber;
      this.attemptNumber += 1;
      this.lastKey = undefined;
      this.cutter = new LineCutter(limits.logLineBytes);
    }
  }

  /** Whether the one attempt that was asked for has been read to its end. */
  get isAtEnd(): boolean {
    return this.hasEnded;
  }

  private async readAttempt(sink: LogSink): Promise<void> {
    const { sinceMs } = this.selection;
    const pieces = await this.source.listLog(this.runId, this.attemptNumber, this.lastKey);
    for (const { key, publishedAt } of pieces) {
      const isWanted = sinceMs === undefined || Date.parse(publishedAt) >= sinceMs;
      const bytes = isWanted ? await this.source.readLogPiece(key) : null;
      // From here on nothing can fail, so a repeated read goes on behind this piece.
      this.lastKey = key;
      if (bytes !== null) this.emit([...this.cutter.cut(bytes)], sink);
    }
  }

  private emit(lines: readonly string[], sink: LogSink): void {
    const skipped = Math.min(this.linesToSkip, lines.length);
    this.linesToSkip -= skipped;
    if (lines.length > skipped) sink.onLines(lines.slice(skipped), this.attemptNumber);
  }

  /** Goes back from the end, piece by piece, only as far as the lines lie: a log of a gigabyte is not read for twenty. */
  private async seekLastLines(newestAttempt: number, count: number): Promise<void> {
    const firstAttempt = this.selection.attemptNumber ?? 1;
    let found = 0;
    for (let attempt = newestAttempt; attempt >= firstAttempt; attempt -= 1) {
      const pieces = await this.source.listLog(this.runId, attempt);
      for (let index = pieces.length - 1; index >= 0; index -= 1) {
        const bytes = await this.source.readLogPiece(pieces[index]?.key ?? '');
        // An attempt's last line counts also without an end.
        found += bytes === null ? 0 : countLines(bytes, index === pieces.length - 1);
        this.attemptNumber = attempt;
        this.lastKey = pieces[index - 1]?.key;
        this.linesToSkip = Math.max(0, found - count);
        // A piece may begin within a line; then one line end more than asked for is needed.
        const isCut = index > 0;
        if (found >= count + (isCut ? 1 : 0)) return;
      }
    }
  }
}

function countLines(bytes: Uint8Array, isAtEnd: boolean): number {
  let count = isAtEnd && bytes.length > 0 && bytes.at(-1) !== 0x0a ? 1 : 0;
  for (const byte of bytes) if (byte === 0x0a) count += 1;
  return count;
}
