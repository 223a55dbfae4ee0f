import { exitCodes } from '../../exit-codes';
import type { Console } from '../../output/console';
import { progressText } from '../../output/progress-text';
import { runText } from '../../output/run-text';
import { followRun } from '../../runs/follow-run';
import type { RunSnapshot } from '../../runs/run-snapshot';
import type { TrainingClient } from '../../training-client';

/**
 * Follows a run to its end for `train --wait` and `monitor --follow`, and returns the exit code of its result. Ctrl-C
 * ends the following, never the run.
 */
export async function watchRun(
  client: TrainingClient,
  runId: string,
  console: Console,
): Promise<number> {
  const detach = new AbortController();
  const onInterrupt = (): void => {
    detach.abort();
  };
  process.once('SIGINT', onInterrupt);
  let lastStatus = '';
  try {
    const end = await followRun(
      client,
      runId,
      {
        onLog: (lines) => {
          for (const line of lines) console.line(line);
        },
        onSnapshot: (run) => {
          const status = run.isOver ? '' : statusLine(run);
          if (status !== lastStatus && status !== '') console.say(status);
          lastStatus = status;
        },
      },
      detach.signal,
    );
    if (end !== null) return tellEnd(end, console);
    console.say(
      `Detached. The run ${runId} goes on; watch it: runctl aws monitor ${runId} --follow`,
    );
    return exitCodes.interrupted.value;
  } finally {
    process.removeListener('SIGINT', onInterrupt);
  }
}

/** What changes rarely: steps are in the log already. */
function statusLine(run: RunSnapshot): string {
  return `== ${progressText({ ...run, progress: null })}`;
}

function tellEnd(run: RunSnapshot, console: Console): number {
  console.data(run, runText(run));
  const isGood = run.state === 'completed' || run.state === 'stopped';
  return isGood ? exitCodes.ok.value : exitCodes.failed.value;
}
