import { factsText, phaseText, progressText } from '../output/progress-text';
import type { RunSnapshot } from '../runs/run-snapshot';

const barWidth = 40;
const plainIntervalMs = 2_000;

/** Shows a run while it goes on: on a terminal two lines that repaint below the events, elsewhere plain lines. */
export class LiveView {
  private painted = 0;
  private last: RunSnapshot | null = null;
  private lastPlainAt = 0;
  private readonly startedAt = Date.now();

  constructor(private readonly stream: NodeJS.WriteStream = process.stderr) {}

  /** Something happened: a line that stays. */
  event(text: string): void {
    this.erase();
    const seconds = ((Date.now() - this.startedAt) / 1_000).toFixed(1).padStart(5);
    this.stream.write(`${seconds} s  ${text}\n`);
    this.paint();
  }

  /** Where the run is now. */
  update(run: RunSnapshot): void {
    this.last = run;
    if (this.stream.isTTY) {
      this.erase();
      this.paint();
    } else if (Date.now() - this.lastPlainAt >= plainIntervalMs) {
      this.lastPlainAt = Date.now();
      this.stream.write(`         ${progressText(run)}\n`);
    }
  }

  /** Takes the moving lines away. */
  end(): void {
    this.erase();
    this.last = null;
  }

  private erase(): void {
    // Up over each painted line, clearing it.
    if (this.painted > 0) this.stream.write('\u001B[1A\u001B[2K'.repeat(this.painted));
    this.painted = 0;
  }

  private paint(): void {
    if (!this.stream.isTTY || this.last === null) return;
    // A terminal that does not know its width says 0.
    const width = this.stream.columns > 0 ? this.stream.columns : 80;
    const lines = [`${progressBar(this.last)} ${phaseText(this.last)}`, factsText(this.last)];
    // A line that wraps could not be taken away again.
    for (const line of lines) this.stream.write(`  ${line}`.slice(0, width - 1) + '\n');
    this.painted = lines.length;
  }
}

function progressBar({ progress }: RunSnapshot): string {
  const share = progress?.totalSteps == null ? 0 : progress.step / progress.totalSteps;
  const filled = Math.min(barWidth, Math.round(share * barWidth));
  return `[${'#'.repeat(filled)}${'.'.repeat(barWidth - filled)}]`;
}
