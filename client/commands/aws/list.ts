import { type Command, Option } from 'commander';
import type { PurchaseOption } from '../../../domain/instance';
import { limits } from '../../limits';
import { listText } from '../../output/list-text';
import { isInstanceId } from '../../runs/run-id';
import { runStates, sortings, type Sorting } from '../../runs/select-runs';
import { RunSurvey, type SurveyOptions } from '../../runs/survey-runs';
import { action, type CommandContext, type Invocation } from '../command-context';
import { ArgumentProblems } from '../parse-options';
import { readWatch, showFrames, type WatchOptions } from '../watch-frames';
import { withClient } from '../with-client';
import { readMoment } from './log-options';
import { addWatchOptions, collect } from './shared-options';

interface ListCommandOptions extends WatchOptions {
  readonly open?: boolean;
  readonly all?: boolean;
  readonly state?: readonly string[];
  readonly instance?: string;
  readonly purchase?: PurchaseOption;
  readonly name?: string;
  readonly since?: string;
  readonly sort: Sorting;
  readonly limit?: string;
}

export function addListCommand(group: Command, context: CommandContext): void {
  const command = group
    .command('list')
    .description('the newest runs with state, progress and cost')
    .option('--open', 'only runs that go on')
    .option('--all', `as many as Temporal remembers, up to ${limits.scannedRuns}`)
    .option('--state <state>', `may be given several times: ${runStates.join(', ')}`, collect)
    .option('--instance <id>', 'only runs that are or were on this instance')
    .addOption(
      new Option('--purchase <option>', 'how the newest attempt is paid').choices([
        'spot',
        'on-demand',
      ]),
    )
    .option('--name <pattern>', 'only run ids like this: * is any text, ? any letter')
    .option('--since <time>', 'only runs that began since: 2026-01-31T12:00:00Z, 90s, 10m, 2h, 3d')
    .addOption(new Option('--sort <by>', 'what comes first').choices(sortings).default('started'))
    .option('--limit <n>', `runs to show (${limits.listedRuns})`)
    .addHelpText(
      'after',
      "\nExamples:\n  runctl aws list --open --watch\n  runctl aws list --name 'char-lm*' --since 7d --sort cost --output json",
    );
  addWatchOptions(command).action(action(context, list));
}

async function list(invocation: Invocation<ListCommandOptions>): Promise<number> {
  const { console, options } = invocation;
  const problems = new ArgumentProblems();
  const intervalSeconds = readWatch(options, problems);
  const selection = readSelection(options, problems);
  problems.throwIfAny();
  return withClient(invocation, async (client) => {
    const survey = new RunSurvey(client.temporal);
    return showFrames(console, intervalSeconds, async () => {
      const [runs, warnings] = await Promise.all([
        survey.read(selection),
        client.accountWarnings(),
      ]);
      const lines = warnings.map((warning) => `warning: ${warning}`);
      return { document: { runs, warnings }, text: [...lines, listText(runs)].join('\n') };
    });
  });
}

function readSelection(options: ListCommandOptions, problems: ArgumentProblems): SurveyOptions {
  const { state: states, instance: instanceId, purchase, name, sort } = options;
  for (const state of states ?? []) {
    const isKnown = runStates.some((known) => known === state);
    if (!isKnown) problems.add('--state', `one of ${runStates.join(', ')}`, state);
  }
  if (instanceId !== undefined && !isInstanceId(instanceId)) {
    problems.add('--instance', 'the id of an instance such as i-0123456789abcdef0', instanceId);
  }
  if (options.all === true && options.limit !== undefined) {
    problems.addSentence('--all, --limit: expected one of the two, got both');
  }
  const bounds = { min: 1, max: limits.scannedRuns };
  const limit = problems.number('--limit', options.limit, bounds, limits.listedRuns);
  const sinceMs = readMoment('--since', options.since, problems, Date.now());
  return {
    sort,
    limit: options.all === true ? limits.scannedRuns : limit,
    onlyOpen: options.open ?? false,
    ...(states === undefined ? {} : { states }),
    ...(instanceId === undefined ? {} : { instanceId }),
    ...(purchase === undefined ? {} : { purchase }),
    ...(name === undefined ? {} : { name }),
    ...(sinceMs === undefined ? {} : { sinceMs }),
  };
}
