import type { Command } from 'commander';
import { limits } from '../../limits';

/** For an option that may be given several times. */
export const collect = (value: string, before: readonly string[] = []): string[] => [
  ...before,
  value,
];

/** `--watch` and `--interval`, for a command that shows frames. */
export const addWatchOptions = (command: Command): Command =>
  command
    .option('--watch', 'look again and again until Ctrl-C; with --output json one document a line')
    .option('--interval <seconds>', `between two looks of --watch (${limits.watchSeconds})`);
