import type { Command } from 'commander';
import { usageText } from '../../output/usage-text';
import { type InstanceUsage, readInstanceUsage } from '../../runs/instance-usage';
import type { TrainingClient } from '../../training-client';
import { action, type CommandContext, type Invocation } from '../command-context';
import { ArgumentProblems } from '../parse-options';
import { type Frame, readWatch, showFrames, type WatchOptions } from '../watch-frames';
import { withClient } from '../with-client';
import { addWatchOptions } from './shared-options';

interface ProcessesOptions extends WatchOptions {
  readonly detailed?: boolean;
}

export function addProcessesCommand(group: Command, context: CommandContext): void {
  const command = group
    .command('processes')
    .description('what a training and its instance use: CPU, memory, disks, GPUs, processes')
    .argument('<id>', 'a run id, for its instance of the moment, or an instance id')
    .option('--detailed', 'commands with their arguments, states and threads')
    .addHelpText(
      'after',
      '\nExamples:\n  runctl aws processes char-lm-20261124-093012-x7k2 --watch\n  runctl aws processes i-0123456789abcdef0 --detailed --output json',
    );
  addWatchOptions(command).action(action(context, processes));
}

async function processes(invocation: Invocation<ProcessesOptions>, id: string): Promise<number> {
  const { console, options } = invocation;
  const problems = new ArgumentProblems();
  const intervalSeconds = readWatch(options, problems);
  problems.throwIfAny();
  const isDetailed = options.detailed ?? false;
  return withClient(invocation, (client) =>
    showFrames(console, intervalSeconds, frames(client, id, isDetailed, intervalSeconds !== null)),
  );
}

/** With `isWatching` an instance that is not there now is waited for; a run that was over before is an error in any case. */
function frames(
  client: TrainingClient,
  id: string,
  isDetailed: boolean,
  isWatching: boolean,
): () => Promise<Frame> {
  let isFirst = true;
  return async () => {
    const seen = await readInstanceUsage(client, id, { isDetailed });
    if (seen.failure !== null && (!isWatching || (isFirst && seen.isOver))) throw seen.failure;
    isFirst = false;
    const { runId, instanceId, usage, isOver } = seen;
    return {
      document: { runId, instanceId, usage, message: seen.failure?.message ?? null },
      text: textOf(seen),
      isLast: isOver,
    };
  };
}

const textOf = ({ instanceId, usage, failure }: InstanceUsage): string =>
  usage === null || instanceId === null ? (failure?.message ?? '') : usageText(instanceId, usage);
