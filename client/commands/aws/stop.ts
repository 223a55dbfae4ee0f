import type { Command } from 'commander';
import type { Checkpoint } from '../../../domain/checkpoint';
import { exitCodes } from '../../../domain/exit-codes';
import { formatCheckpoint } from '../../../domain/format';
import type { ForeignTraining } from '../../instances/occupation';
import { limits } from '../../limits';
import type { Console } from '../../output/console';
import { followRun } from '../../runs/follow-run';
import { runOn } from '../../runs/resolve-run-id';
import { isInstanceId } from '../../runs/run-id';
import type { TrainingClient } from '../../training-client';
import { action, type CommandContext, type Invocation } from '../command-context';
import { withClient } from '../with-client';
import { interruptedBy, talkOf } from './watch';

interface StopOptions {
  readonly force?: boolean;
  readonly wait: boolean;
}

interface StopDocument {
  readonly runId: string;
  readonly force: boolean;
  /** Whether it has been asked to end, and has not ended yet. */
  readonly stopping: boolean;
  readonly state: string;
  readonly checkpoint: Checkpoint | null;
}

const help = `
Stops the job, and waits until it has ended and is cleaned up.
  keeps   the published checkpoints, the log, and an instance of your own, which can be trained on again at once
  loses   an instance that runctl launched for the run: it is given back
  costs   nothing more, except for an instance of your own: see stop-instance and terminate
With --force the script and all its processes are killed at once; what it has not published is lost.
An instance id stands for the run on that instance.`;

export function addStopCommand(group: Command, context: CommandContext): void {
  group
    .command('stop')
    .description('save, stop the job, and give back the instance that was launched for it')
    .argument('<id>', 'a run id or an instance id')
    .option('--force', 'kill the script at once; what it saved before is kept')
    .option('--no-wait', 'return as soon as the run has been told')
    .addHelpText('after', help)
    .action(action(context, stop));
}

async function stop(invocation: Invocation<StopOptions>, id: string): Promise<number | undefined> {
  const { console, options } = invocation;
  const force = options.force ?? false;
  return withClient(invocation, async (client) => {
    const occupation = isInstanceId(id) ? await client.instances.occupation(id) : null;
    if (occupation?.kind === 'foreign') {
      return stopForeign(client, id, occupation.training, force, console);
    }
    const runId = occupation === null ? await client.resolve(id) : runOn(id, occupation);
    await client.stop(runId, { force });
    if (options.wait) return waitForEnd(client, runId, force, console);
    tell(console, { runId, force, stopping: true, ...(await stateOf(client, runId)) });
    console.say(`Watch it: runctl aws monitor ${runId} --follow`);
    return undefined;
  });
}

async function waitForEnd(
  client: TrainingClient,
  runId: string,
  force: boolean,
  console: Console,
): Promise<number | undefined> {
  console.say(force ? `Killing what run ${runId} trains.` : `Run ${runId} saves and stops.`);
  const late = AbortSignal.timeout(limits.stopSeconds * 1_000);
  const end = await interruptedBy('SIGINT', (signal) =>
    followRun(client, runId, talkOf(console), AbortSignal.any([signal, late])),
  );
  const isOver = end !== null;
  tell(console, { runId, force, stopping: !isOver, ...(end ?? (await stateOf(client, runId))) });
  if (!isOver) console.say(`It ends without us; watch it: runctl aws monitor ${runId} --follow`);
  return isOver || late.aborted ? undefined : exitCodes.interrupted.value;
}

/** Ends a training that this Temporal server has never heard of, through the instance itself. */
async function stopForeign(
  client: TrainingClient,
  instanceId: string,
  training: ForeignTraining,
  force: boolean,
  console: Console,
): Promise<undefined> {
  const { runId, pid } = training;
  console.say(
    `Run ${runId} (PID ${pid}) was started elsewhere; it is ended on the instance itself.`,
  );
  await client.instances.endForeign(instanceId, training, force);
  tell(console, { runId, force, stopping: false, state: 'stopped', checkpoint: null });
}

async function stateOf(
  client: TrainingClient,
  runId: string,
): Promise<Pick<StopDocument, 'state' | 'checkpoint'>> {
  const { state, checkpoint } = await client.status(runId);
  return { state, checkpoint };
}

function tell(console: Console, stopped: StopDocument): void {
  const { runId, force, stopping, state, checkpoint } = stopped;
  const saved = checkpoint === null ? '' : ` Newest checkpoint: ${formatCheckpoint(checkpoint)}.`;
  const text = stopping ? `Run ${runId} is being stopped.` : `Run ${runId} has ended: ${state}.`;
  console.data({ runId, force, stopping, state, checkpoint }, text + saved);
}
