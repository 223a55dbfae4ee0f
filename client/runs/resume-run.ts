import type { CheckpointManifest } from '../../domain/checkpoint';
import { Failure } from '../../domain/failure';
import { runWorkflowId } from '../../domain/ids';
import type { TrainingRunSpec } from '../../domain/run-spec';
import { validateRunSpec } from '../../domain/validate-run-spec';
import type { StoredCheckpoint } from '../cloud-access';
import type { StartedRun, TrainingClient } from '../training-client';
import { unlessMissing } from './queries';
import { readSpec } from './read-spec';
import { generateNextRunId } from './run-name';
import { nameAsWritten } from './train-request';

export interface ResumeRequest {
  /** The step of the checkpoint; the newest when left out. */
  readonly step?: number;
  /** The id of the new run; generated when left out. */
  readonly name?: string;
  /** Instead of the arguments that the script had. */
  readonly scriptArgs?: readonly string[];
}

export interface ResumedRun extends StartedRun {
  readonly fromRunId: string;
  readonly step: number;
  /** Where the checkpoint lies under the new run. */
  readonly prefix: string;
}

/**
 * Starts a new run of another one's spec that begins at one of its checkpoints, which is copied within the bucket: from then
 * on neither needs the other. The other run may be over, or go on.
 *
 * @throws run-not-found, invalid-input (no such checkpoint, or arguments that do not fit), code-missing, run-exists
 */
export async function resumeRun(
  client: TrainingClient,
  id: string,
  request: ResumeRequest = {},
): Promise<ResumedRun> {
  const fromRunId = await client.resolve(id);
  const spec = nextSpec(await readSpec(client.temporal, fromRunId), request);
  const { runId } = spec;
  const [source] = await Promise.all([
    findCheckpoint(client, fromRunId, request.step),
    refuseTakenName(client, runId),
    refuseMissingCode(client, spec),
  ]);
  const { step, prefix } = await client.cloud.ask(({ calls, cloud }) =>
    calls.copyCheckpoint(cloud, source, runId),
  );
  try {
    return { ...(await client.start(spec)), fromRunId, step, prefix };
  } catch (error) {
    await withdraw(client, runId, prefix);
    throw error;
  }
}

function nextSpec(spec: TrainingRunSpec, { name, scriptArgs }: ResumeRequest): TrainingRunSpec {
  const checked = validateRunSpec({
    ...spec,
    runId: name ?? generateNextRunId(spec.runId, new Date()),
    ...(scriptArgs === undefined ? {} : { scriptArgs }),
  });
  if (checked.kind === 'valid') return checked.spec;
  throw new Failure('invalid-input', checked.problems.map(nameAsWritten).join('\n'));
}

type Source = StoredCheckpoint & { readonly manifest: CheckpointManifest };

async function findCheckpoint(
  client: TrainingClient,
  runId: string,
  step: number | undefined,
): Promise<Source> {
  const found = await client.cloud.ask(async ({ calls, cloud }) => {
    const folders = await calls.listCheckpointFolders(cloud, runId);
    for (const folder of folders.filter((each) => step === undefined || each.step === step)) {
      const manifest = await calls.readVerifiedManifest(cloud, runId, folder);
      if (manifest !== null) return { ...folder, manifest };
    }
    return null;
  });
  if (found !== null) return found;
  throw noSuchCheckpoint(runId, step);
}

/** What was asked for is not there, or not whole. */
export function noSuchCheckpoint(runId: string, step: number | undefined): Failure {
  const which = step === undefined ? 'a checkpoint' : `a checkpoint of step ${step}`;
  return new Failure('invalid-input', `the run ${runId} has not published ${which}.`, {
    next: `What there is: runctl aws checkpoint list ${runId}`,
  });
}

/** Before anything is copied under that name. */
async function refuseTakenName(client: TrainingClient, runId: string): Promise<void> {
  const handle = client.temporal.workflow.getHandle(runWorkflowId(runId));
  if ((await unlessMissing(handle.describe())) === null) return;
  throw new Failure('run-exists', `there is a run "${runId}" already.`, {
    next: `Choose another --name, or look at it: runctl aws status ${runId}`,
  });
}

async function refuseMissingCode(client: TrainingClient, { code }: TrainingRunSpec): Promise<void> {
  const isThere = await client.cloud.ask(({ calls, cloud }) => calls.hasCodeArchive(cloud, code));
  if (isThere) return;
  throw new Failure('code-missing', `the code of that run is no longer in the bucket.`, {
    why: `There is no archive with the sha256 ${code.sha256}.`,
    next: 'Train again with `runctl aws train`, which stages the code.',
  });
}

/** The run was not started, so its beginning goes too; where nobody can tell, it stays, for the command to be repeated. */
async function withdraw(client: TrainingClient, runId: string, prefix: string): Promise<void> {
  try {
    const handle = client.temporal.workflow.getHandle(runWorkflowId(runId));
    if ((await unlessMissing(handle.describe())) !== null) return;
    await client.cloud.ask(({ calls, cloud }) => calls.withdrawCopy(cloud, runId, prefix));
  } catch {
    // The error that led here is told; the copy harms nobody, and the same command goes on with it.
  }
}
