import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes } from '../../domain/exit-codes';
import { limits } from '../limits';
import type { Console } from '../output/console';
import { Patience } from '../runs/patience';
import { interruptedBy } from './aws/watch';
import type { ArgumentProblems } from './parse-options';

export interface WatchOptions {
  readonly watch?: boolean;
  readonly interval?: string;
}

/** What a command shows at one moment. */
export interface Frame {
  readonly document: unknown;
  readonly text: string;
  /** Nothing will change any more. */
  readonly isLast?: boolean;
}

/** Seconds between two looks; null without `--watch`. */
export function readWatch(options: WatchOptions, problems: ArgumentProblems): number | null {
  const bounds = { min: limits.watchSecondsMin, max: limits.watchSecondsMax, isWhole: false };
  const seconds = problems.number('--interval', options.interval, bounds, limits.watchSeconds);
  if (options.watch === true) return seconds;
  if (options.interval !== undefined) {
    problems.addSentence('--interval: expected --watch beside it');
  }
  return null;
}

/**
 * Shows one frame, or with an interval frame after frame until nothing changes any more or Ctrl-C. Outages are waited out
 * once there was a first frame.
 */
export async function showFrames(
  console: Console,
  intervalSeconds: number | null,
  look: () => Promise<Frame>,
): Promise<number> {
  if (intervalSeconds === null) {
    const { document, text } = await look();
    console.data(document, text);
    return exitCodes.ok.value;
  }
  const isEnded = await interruptedBy('SIGINT', (signal) =>
    showUntil(console, intervalSeconds, look, signal),
  );
  return isEnded ? exitCodes.ok.value : exitCodes.interrupted.value;
}

/** True when nothing will change any more, false when the signal came first. */
async function showUntil(
  console: Console,
  intervalSeconds: number,
  look: () => Promise<Frame>,
  signal: AbortSignal,
): Promise<boolean> {
  const patience = new Patience(({ code, message }) => {
    console.say(`${code}: ${message} Trying again.`);
  });
  let hasShown = false;
  while (!signal.aborted) {
    const frame = hasShown ? await patience.unlessAway(look) : await look();
    if (frame !== null) console.frame(frame.document, frame.text);
    if (frame?.isLast === true) return true;
    hasShown = true;
    await sleep(intervalSeconds * 1_000, undefined, { signal }).catch(() => undefined);
  }
  return false;
}
