import { exitCodes } from '../../../domain/exit-codes';
import type { Console } from '../../output/console';
import { attemptBeginMark, attemptEndMark } from '../../output/log-marks';
import { progressText } from '../../output/progress-text';
import { runText } from '../../output/run-text';
import { exitCodeOfRun } from '../../runs/exit-code';
import { followRun, type FollowListener } from '../../runs/follow-run';
import type { LogSelection } from '../../runs/log-reader';
import type { AttemptLine, RunSnapshot } from '../../runs/run-snapshot';
import type { TrainingClient } from '../../training-client';

/**
 * Follows a run to its end for `train --wait` and `monitor --follow`, and returns the exit code of its result. The log
 * goes to stdout; what is said about it (attempts, states, outages) to stderr. Ctrl-C ends the following, never the run.
 */
export async function watchRun(
  client: TrainingClient,
  runId: string,
  console: Console,
  selection: LogSelection = {},
  tell: (run: RunSnapshot, console: Console) => number = tellEnd,
): Promise<number> {
  const listener = listenerOf(client, runId, console, selection);
  const end = await interruptedBy('SIGINT', (signal) => followRun(client, runId, listener, signal));
  if (end === null) return tellDetached(runId, console);
  return end.isOver ? tell(end, console) : exitCodes.ok.value;
}

/** Runs something that a signal of the process makes return early. */
export async function interruptedBy<Result>(
  name: 'SIGINT',
  run: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const detach = new AbortController();
  const onInterrupt = (): void => {
    detach.abort();
  };
  process.once(name, onInterrupt);
  try {
    return await run(detach.signal);
  } finally {
    process.removeListener(name, onInterrupt);
  }
}

function listenerOf(
  client: TrainingClient,
  runId: string,
  console: Console,
  selection: LogSelection,
): FollowListener {
  const talk = talkOf(console);
  let shownAttempt = 0;
  let attempts: readonly AttemptLine[] = [];
  const attemptOf = (number: number): AttemptLine | undefined =>
    attempts.find((attempt) => attempt.number === number);
  return {
    ...talk,
    onSnapshot: (run) => {
      attempts = run.attempts;
      talk.onSnapshot(run);
    },
    log: {
      reader: client.logReader(runId, selection),
      onLines: (lines, number) => {
        if (number !== shownAttempt) console.say(attemptBeginMark(number, attemptOf(number)));
        shownAttempt = number;
        console.line(lines.join('\n'));
      },
      onAttemptEnd: (number) => {
        console.say(attemptEndMark(number, attemptOf(number)));
      },
    },
  };
}

/** Says on stderr what changes rarely: states, warnings, outages. */
export function talkOf(console: Console): Omit<Required<FollowListener>, 'log'> {
  let lastStatus = '';
  let lastWarnings: readonly string[] = [];
  const told = new Set<string>();
  return {
    onSnapshot: (run) => {
      const status = run.isOver ? '' : statusLine(run);
      if (status !== lastStatus && status !== '') console.say(status);
      lastStatus = status;
      // A worker that is busy for one look is no news.
      for (const warning of run.warnings.filter((each) => lastWarnings.includes(each))) {
        if (!told.has(warning)) console.say(`== warning: ${warning}`);
        told.add(warning);
      }
      lastWarnings = run.warnings;
    },
    onOutage: ({ code, message }) => {
      console.say(`== ${code}: ${message} Trying again; the run goes on without us. ==`);
    },
  };
}

/** Steps are in the log already. */
function statusLine(run: RunSnapshot): string {
  return `== ${progressText({ ...run, progress: null })}`;
}

/** Says how to come back without seeing again what was seen; the exit code of Ctrl-C. */
export function tellDetached(runId: string, console: Console): number {
  const again = `runctl aws monitor ${runId} --follow --since ${new Date().toISOString()}`;
  console.say(`Detached. The run ${runId} goes on; watch it from here on: ${again}`);
  return exitCodes.interrupted.value;
}

/** How the run ended, and the exit code that says so. */
export function tellEnd(run: RunSnapshot, console: Console): number {
  console.data(run, runText(run));
  return exitCodeOfRun(run);
}
