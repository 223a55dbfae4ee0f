import type { Command } from 'commander';
import type { StoredCheckpoint } from '../../cloud-access';
import { formatBytes } from '../../output/format';
import { formatTable } from '../../output/table';
import { action, type CommandContext, type Invocation } from '../command-context';
import { ArgumentProblems } from '../parse-options';
import { noSuchCheckpoint, resumeRun } from '../../runs/resume-run';
import { withClient } from '../with-client';
import { startedText } from './train';

interface ResumeOptions {
  readonly name?: string;
}

interface CleanupOptions {
  readonly keepLast?: string;
  readonly dryRun?: boolean;
}

/** `runctl aws checkpoint …`: what lies in the bucket as checkpoints of a run. */
export function addCheckpointCommands(group: Command, context: CommandContext): void {
  const checkpoint = group
    .command('checkpoint')
    .description('look at the checkpoints of a run, resume from one, delete older ones');
  checkpoint
    .command('list')
    .description('what is published, newest first')
    .argument('<id>', 'a run id or an instance id')
    .addHelpText('after', '\nExample:\n  runctl aws checkpoint list char-lm-20261124-093012-x7k2')
    .action(action(context, listAll));
  checkpoint
    .command('info')
    .description('one checkpoint with its files; the newest unless a step is given')
    .argument('<id>', 'a run id or an instance id')
    .argument('[step]', 'the step of the checkpoint')
    .addHelpText(
      'after',
      '\nExample:\n  runctl aws checkpoint info char-lm-20261124-093012-x7k2 120',
    )
    .action(action(context, showOne));
  checkpoint
    .command('resume')
    .usage('[options] <id> [step] [-- ARGS of the script]')
    .description("start a new run of the same spec that begins at a run's checkpoint")
    .argument('<id>', 'a run id or an instance id')
    .argument('[step]', 'the step of the checkpoint; the newest otherwise')
    .option('--name <run-id>', 'the id of the new run; generated otherwise')
    .addHelpText(
      'after',
      '\nCode, script, arguments, capacity and budgets are those of the run, except for arguments behind --.\n\nExamples:\n  runctl aws checkpoint resume char-lm-20261124-093012-x7k2\n  runctl aws checkpoint resume char-lm-20261124-093012-x7k2 120 --name longer -- --epochs 6',
    )
    .action(action(context, resume));
  checkpoint
    .command('cleanup')
    .description(
      'delete older checkpoints and broken uploads; never what the run would resume from',
    )
    .argument('<id>', 'a run id or an instance id')
    .requiredOption('--keep-last <n>', 'newest checkpoints to keep')
    .option('--dry-run', 'only show what would be deleted')
    .addHelpText(
      'after',
      '\nExample:\n  runctl aws checkpoint cleanup char-lm-20261124-093012-x7k2 --keep-last 1 --dry-run',
    )
    .action(action(context, cleanUp));
}

async function listAll(invocation: Invocation<object>, id: string): Promise<undefined> {
  await withClient(invocation, async (client) => {
    const checkpoints = (await client.listCheckpoints(id)).map(toDocument);
    const rows = checkpoints.map((each) => [
      String(each.step),
      String(each.attemptNumber),
      each.isComplete ? formatBytes(each.sizeBytes) : '-',
      each.publishedAt ?? '(incomplete)',
      each.prefix,
    ]);
    const table = formatTable(['STEP', 'ATTEMPT', 'SIZE', 'PUBLISHED', 'PREFIX'], rows);
    invocation.console.data({ checkpoints }, rows.length === 0 ? 'No checkpoints yet.' : table);
  });
}

async function showOne(
  invocation: Invocation<object>,
  id: string,
  stepText?: string,
): Promise<undefined> {
  const problems = new ArgumentProblems();
  const step = problems.number('the step', stepText, { min: 0 }, undefined);
  problems.throwIfAny();
  await withClient(invocation, async (client) => {
    const found = (await client.listCheckpoints(id)).find(
      (each) => each.manifest !== null && (step === undefined || each.step === step),
    );
    if (found === undefined) throw noSuchCheckpoint(id, step);
    const files = found.manifest?.files ?? [];
    const { step: foundStep, attemptNumber, prefix, publishedAt } = toDocument(found);
    const rows = files.map((file) => [file.path, formatBytes(file.sizeBytes), file.sha256]);
    const text = [
      `Checkpoint of step ${foundStep} (attempt ${attemptNumber}, ${publishedAt ?? ''})`,
      `  ${prefix}`,
      '',
      formatTable(['FILE', 'SIZE', 'SHA256'], rows),
    ].join('\n');
    invocation.console.data({ ...toDocument(found), files }, text);
  });
}

async function resume(
  invocation: Invocation<ResumeOptions>,
  id: string,
  stepText?: string,
): Promise<undefined> {
  const { console, context, options } = invocation;
  const problems = new ArgumentProblems();
  const step = problems.number('the step', stepText, { min: 0 }, undefined);
  problems.throwIfAny();
  await withClient(invocation, async (client) => {
    const resumed = await resumeRun(client, id, {
      ...(step === undefined ? {} : { step }),
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(context.scriptArgs.length === 0 ? {} : { scriptArgs: context.scriptArgs }),
    });
    const text = `${startedText(resumed)}\nIt begins at step ${resumed.step} of ${resumed.fromRunId}.`;
    console.data(resumed, text);
  });
}

async function cleanUp(invocation: Invocation<CleanupOptions>, id: string): Promise<undefined> {
  const { console, options } = invocation;
  const problems = new ArgumentProblems();
  const keepLast = problems.number('--keep-last', options.keepLast, { min: 1 }, 1);
  problems.throwIfAny();
  const dryRun = options.dryRun ?? false;
  await withClient(invocation, async (client) => {
    const deleted = await client.cleanUpCheckpoints(id, keepLast, { dryRun });
    const verb = dryRun ? 'Would delete' : 'Deleted';
    const text = [`${verb} ${deleted.length}.`, ...deleted.map((prefix) => `  ${prefix}`)];
    console.data({ dryRun, deleted }, text.join('\n'));
  });
}

function toDocument({ step, attemptNumber, prefix, manifest }: StoredCheckpoint): {
  readonly step: number;
  readonly attemptNumber: number;
  readonly prefix: string;
  readonly isComplete: boolean;
  readonly sizeBytes: number;
  readonly publishedAt: string | null;
} {
  const sizeBytes = (manifest?.files ?? []).reduce((sum, file) => sum + file.sizeBytes, 0);
  const publishedAt = manifest?.publishedAt ?? null;
  return { step, attemptNumber, prefix, isComplete: manifest !== null, sizeBytes, publishedAt };
}
