import type { Command } from 'commander';
import { exitCodes } from '../../domain/exit-codes';
import { protectingTagKeys } from '../../domain/ids';
import { limits } from '../limits';
import { cleanupText, resourcesText, summaryText } from '../output/resources-text';
import { readHoldings } from '../resources/held-instances';
import { readStorage, readStorageTotals } from '../resources/held-storage';
import { carryOut, countOf, planCleanup } from '../resources/plan-cleanup';
import { readRunStates } from '../resources/run-states';
import { summarise } from '../resources/summarise';
import { parseAgeMs } from './aws/log-options';
import { addWatchOptions } from './aws/shared-options';
import { action, type CommandContext, type Invocation } from './command-context';
import { ArgumentProblems } from './parse-options';
import { readWatch, showFrames, type WatchOptions } from './watch-frames';
import { withClient } from './with-client';

interface ListOptions extends WatchOptions {
  readonly all?: boolean;
}

interface CleanupOptions {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly olderThan?: string;
}

/** `runctl resources …`: what runs hold in the account, and what it costs. */
export function addResourcesCommands(group: Command, context: CommandContext): void {
  const resources = group
    .command('resources')
    .description('what runs hold in this account and region, what it costs, what nobody owns');
  const listing = resources
    .command('list')
    .description('instances that runs have launched, with owner and cost, and the bucket')
    .option('--all', 'instances that are not ours too; those are never touched')
    .addHelpText('after', '\nExample:\n  runctl resources list --all --output json');
  addWatchOptions(listing).action(action(context, list));
  resources
    .command('summary')
    .description('totals: instances by state, dollars an hour and a day, bytes in the bucket')
    .addHelpText('after', '\nExample:\n  runctl resources summary')
    .action(action(context, summary));
  resources
    .command('cleanup')
    .description('end what nobody owns: orphaned instances, Spot requests, unfinished uploads')
    .option('--dry-run', 'only show what would go')
    .option('--yes', 'do it; without it nothing is changed')
    .option('--older-than <age>', `spare what is younger: 90s, 10m, 2h (${defaultAge})`)
    .addHelpText(
      'after',
      [
        '\nNever touches what no run has launched, nor what carries one of the tags',
        `${protectingTagKeys.join(', ')} with the value true.`,
        '\nExamples:\n  runctl resources cleanup --dry-run\n  runctl resources cleanup --yes --older-than 1h',
      ].join('\n'),
    )
    .action(action(context, cleanup));
}

const defaultAge = `${limits.orphanGraceSeconds / 60}m`;

async function list(invocation: Invocation<ListOptions>): Promise<number> {
  const { console, options } = invocation;
  const problems = new ArgumentProblems();
  const intervalSeconds = readWatch(options, problems);
  problems.throwIfAny();
  const graceSeconds = limits.orphanGraceSeconds;
  return withClient(invocation, (client) =>
    showFrames(console, intervalSeconds, async () => {
      const [holdings, storage] = await Promise.all([
        readHoldings(client, { graceSeconds }),
        readStorage(client),
      ]);
      const instances = holdings.instances.filter(
        ({ ownership }) => options.all === true || ownership !== 'not-ours',
      );
      const owners = storage.runs.map(({ runId }) => runId).slice(0, limits.scannedRuns);
      const states = await readRunStates(client.temporal, owners);
      const runs = storage.runs.map((run) => ({
        ...run,
        runState: states.get(run.runId) ?? null,
      }));
      return {
        document: { instances, storage: { ...storage, runs } },
        text: resourcesText(instances, storage, states),
      };
    }),
  );
}

async function summary(invocation: Invocation<object>): Promise<undefined> {
  const graceSeconds = limits.orphanGraceSeconds;
  await withClient(invocation, async (client) => {
    const [{ instances }, storage] = await Promise.all([
      readHoldings(client, { graceSeconds }),
      readStorageTotals(client),
    ]);
    const found = summarise(instances, storage);
    invocation.console.data(found, summaryText(found));
  });
}

async function cleanup(invocation: Invocation<CleanupOptions>): Promise<number> {
  const { console, options } = invocation;
  const problems = new ArgumentProblems();
  const graceSeconds = readGrace(options.olderThan, problems);
  problems.throwIfAny();
  const dryRun = options.dryRun ?? false;
  const mayAct = !dryRun && options.yes === true;
  return withClient(invocation, async (client) => {
    const plan = await planCleanup(client, { graceSeconds });
    const isDone = mayAct && countOf(plan) > 0;
    const shown = isDone ? await carryOut(client, plan) : plan;
    const text = cleanupText(shown, isDone ? 'Took away' : 'Would take away');
    console.data({ dryRun, done: isDone, ...shown }, text);
    if (dryRun || mayAct || countOf(plan) === 0) return exitCodes.ok.value;
    console.say('Nothing was changed. Do it with: runctl resources cleanup --yes');
    return exitCodes.heldBack.value;
  });
}

function readGrace(text: string | undefined, problems: ArgumentProblems): number {
  if (text === undefined) return limits.orphanGraceSeconds;
  const ageMs = parseAgeMs(text);
  if (ageMs === null) problems.add('--older-than', 'an age such as 90s, 10m, 2h or 1d', text);
  return (ageMs ?? 0) / 1_000;
}
