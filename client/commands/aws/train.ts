import type { Command } from 'commander';
import type { Console } from '../../output/console';
import { awaitAcceptance, refusalOf, refuseSecondTraining } from '../../runs/refusals';
import type { RunSnapshot } from '../../runs/run-snapshot';
import type { StartedRun, TrainingClient } from '../../training-client';
import { action, type CommandContext, type Invocation } from '../command-context';
import { withClient } from '../with-client';
import { collect } from './shared-options';
import { readTrainArguments, type TrainOptions } from './train-arguments';
import { interruptedBy, tellEnd, watchRun } from './watch';

export function addTrainCommand(group: Command, context: CommandContext): void {
  group
    .command('train')
    .alias('run')
    .usage('[INSTANCE_ID] SCRIPT [options] -- [ARGS of the script]')
    .description('train a script; returns at once, the run goes on without us')
    .argument('[operands...]', 'an instance of your own (optional), and the script')
    .option('--instance-type <type>', 'may be given several times: the more, the better', collect)
    .option('--zone <zone>', 'an Availability Zone; may be given several times', collect)
    .option('--spot', 'use Spot capacity (the default)')
    .option('--on-demand', 'use On-Demand capacity')
    .option('--fallback <to>', 'on-demand or none: where to go when no Spot pool has capacity')
    .option('--spot-max-price <usd>', 'for an hour; a Spot pool that costs more is passed over')
    .option('--name <run-id>', 'the run id; generated otherwise')
    .option('--env <KEY=VALUE>', 'environment of the script; not for secrets', collect)
    .option('--checkpoint-keep-last <n>', 'published checkpoints to keep')
    .option('--strict-resume', 'end the run when the script ignores its checkpoint')
    .option('--save-timeout <seconds>', 'what the script may take to save after SIGTERM')
    .option('--max-errors <n>', 'failures of the script that the run survives (2)')
    .option('--max-interruptions <n>', 'interruptions that the run survives (any number)')
    .option('--max-capacity-wait <seconds>', 'how long to wait for capacity')
    .option(
      '--max-attempts-without-progress <n>',
      'attempts in a row, cut short without a newer checkpoint, that the run survives (5)',
    )
    .option('--max-cost <usd>', 'US dollars after which the run saves and stops')
    .option('--marker <name>', 'file that the script writes when it is done')
    .option(
      '--log-pattern <regex>',
      'a line of the log that matches means that the script is done; plain words match as words',
    )
    .option('--completion-grace <seconds>', 'time to exit after saying so, before it is ended')
    .option('--hang-timeout <seconds>', 'without progress and log for so long, it counts as hung')
    .option(
      '--failure-pattern <REGEX=REASON>',
      'the reason to show when the log of a failed script matches; REASON! is not tried again',
      collect,
    )
    .option('--secret <NAME=ssm:/path>', 'environment that the instance reads by its role', collect)
    .option('--data-s3 <s3-uri>', 'is in RUNCTL_DATA_DIR before the script starts')
    .option('--output-s3 <s3-uri>', 'gets what the script writes to RUNCTL_OUTPUT_DIR')
    .option('--include <pattern>', 'send code along although .gitignore names it', collect)
    .option('--include-secret-file <path>', 'send a file along although it looks secret', collect)
    .option('--no-install', 'install nothing of requirements.txt, pyproject.toml or PEP 723')
    .option('--docker-image <image>', 'run the script in this image')
    .option('--dockerfile <path>', 'build this image, push it to ECR, and run the script in it')
    .option(
      '--docker-metadata <access>',
      'blocked (the default) or passed: the role in a container',
    )
    .option('--docker-keep <what>', 'nothing (the default), image, or container-and-image')
    .option('--wait', 'follow the run and end with its result')
    .action(action(context, train));
}

async function train(
  invocation: Invocation<TrainOptions>,
  operands: readonly string[],
): Promise<number | undefined> {
  const { context, console, options } = invocation;
  const request = readTrainArguments(operands, options, context.scriptArgs);
  const { instanceId } = request;
  return withClient(invocation, async (client) => {
    if (instanceId !== undefined) await refuseSecondTraining(client, instanceId);
    const started = await client.train(request, context.folder, (line) => {
      console.say(line);
    });
    if (options.wait === true) {
      tellStart(console, started, true);
      return watchRun(client, started.runId, console, {}, tellEndOfTrain);
    }
    if (instanceId !== undefined) await throwIfRefused(client, started.runId, instanceId, console);
    tellStart(console, started, false);
    return undefined;
  });
}

/** Only the instance knows whether it is free: two may have asked at the same moment. */
async function throwIfRefused(
  client: TrainingClient,
  runId: string,
  instanceId: string,
  console: Console,
): Promise<void> {
  console.say(`Waiting for ${instanceId} to accept run ${runId}.`);
  const end = await interruptedBy('SIGINT', (signal) => awaitAcceptance(client, runId, signal));
  const refusal = end === null ? null : refusalOf(end);
  if (refusal !== null) throw refusal;
}

/** A run that the instance turned away is told like one that was refused before it began. */
function tellEndOfTrain(run: RunSnapshot, console: Console): number {
  const refusal = run.failure?.code === 'already-running' ? refusalOf(run) : null;
  if (refusal !== null) throw refusal;
  return tellEnd(run, console);
}

function tellStart(console: Console, started: StartedRun, isFollowed: boolean): void {
  for (const warning of started.warnings) console.say(`warning: ${warning}`);
  // With --wait the one document is the result, at the end.
  if (isFollowed) console.say(startedText(started));
  else console.data(started, startedText(started));
}

/** That a run has begun, and what can be done with it. */
export function startedText({ runId, webUiUrl }: StartedRun): string {
  return [
    `Run ${runId} is started; it goes on without this terminal.`,
    ...(webUiUrl === null ? [] : [`  web     ${webUiUrl}`]),
    `  watch   runctl aws monitor ${runId} --follow`,
    `  status  runctl aws status ${runId}`,
    `  stop    runctl aws stop ${runId}`,
  ].join('\n');
}
