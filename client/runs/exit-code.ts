import { exitCodes } from '../../domain/exit-codes';
import type { RunSnapshot } from './run-snapshot';

/** How a script sees the end of a run. */
export function exitCodeOfRun({ state, failure }: Pick<RunSnapshot, 'state' | 'failure'>): number {
  if (state === 'completed' || state === 'stopped') return exitCodes.ok.value;
  return failure?.code === 'already-running'
    ? exitCodes.alreadyRunning.value
    : exitCodes.failed.value;
}
