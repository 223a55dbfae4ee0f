import { setTimeout as sleep } from 'node:timers/promises';
import {
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import type { Checkpoint } from '../domain/checkpoint';
import { Failure } from '../domain/failure';
import { runWorkflowId, taskQueues } from '../domain/ids';
import type { TrainingRunSpec } from '../domain/run-spec';
import type { SettingName } from '../settings/setting-keys';
import { connectClient } from '../temporal/connect';
import { saveCheckpoint, saveCheckpointNow, spotInterruption, stop } from '../workflows/messages';
import { CloudAccess, type StoredCheckpoint } from './cloud-access';
import { resolveEnvironment, type Environment } from './environment/environment';
import { architectureOf, ownArchitecture } from './images/build-image';
import { publishImage } from './images/publish-image';
import { InstanceClient } from './instances/instance-client';
import { limits } from './limits';
import { readAccountWarnings } from './runs/account-warnings';
import { checkPatterns } from './runs/check-patterns';
import { listRuns, type ListOptions } from './runs/list-runs';
import type { ListedRun } from './runs/listed-run';
import { LogReader, type LogSelection } from './runs/log-reader';
import { readRun } from './runs/read-run';
import { requestDefaults } from './runs/request-defaults';
import { resolveRunId } from './runs/resolve-run-id';
import { generateRunId } from './runs/run-name';
import type { RunSnapshot } from './runs/run-snapshot';
import { buildSpec, checkRequest, type TrainRequest } from './runs/train-request';
import { runUrl } from './runs/web-ui';
import { stageCode } from './staging/stage-code';

export interface ConnectOptions {
  /** Where `.runctl.toml` and `.runctl/up.json` are looked for; the working directory by default. */
  readonly folder?: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** Settings that override environment and files. */
  readonly settings?: Readonly<Partial<Record<SettingName, unknown>>>;
}

export interface StartedRun {
  readonly runId: string;
  readonly workflowId: string;
  /** The run's page; null when the address of the Web UI is not known. */
  readonly webUiUrl: string | null;
  /** What a person should know of the code that was sent along, as sentences. */
  readonly warnings: readonly string[];
}

/**
 * Starts, reads and steers training runs, as the CLI does: it finds Temporal and the cloud in the environment, in
 * `.runctl.toml`, or in what `runctl up` has started.
 */
export class TrainingClient {
  /** Instances of the user's own. */
  readonly instances: InstanceClient;

  private constructor(
    readonly environment: Environment,
    readonly temporal: Client,
    /** Calls of the cloud that go past the workflows. */
    readonly cloud: CloudAccess,
  ) {
    this.instances = new InstanceClient(cloud, this);
  }

  /**
   * Connects; `close()` it in the end.
   *
   * @throws cloud-not-chosen, invalid-input, temporal-unreachable, local-cloud-unreachable
   */
  static async connect(options: ConnectOptions = {}): Promise<TrainingClient> {
    const environment = resolveEnvironment({
      folder: options.folder ?? process.cwd(),
      environment: options.environment ?? process.env,
      ...(options.settings === undefined ? {} : { flags: options.settings }),
    });
    const temporal = await connectClient(environment.temporal);
    return new TrainingClient(environment, temporal, new CloudAccess(environment));
  }

  /**
   * Stages the code around a script and starts a run; returns as soon as Temporal has it. With a Dockerfile its image is
   * built and pushed before; `tell` gets what docker says meanwhile.
   *
   * @throws invalid-input, script-unusable, code-too-large, code-not-sendable, secret-in-code, run-exists,
   *   bucket-missing, no-credentials, image-not-built, docker-missing
   */
  async train(
    request: TrainRequest,
    folder = process.cwd(),
    tell: (line: string) => void = () => undefined,
  ): Promise<StartedRun> {
    const { settings } = this.environment;
    const complete: TrainRequest = {
      instanceTypes: this.defaultTypes(),
      ...requestDefaults(settings),
      ...request,
    };
    const runId = request.name ?? generateRunId(request.script, new Date());
    checkRequest(complete, runId);
    await checkPatterns(complete);
    const megabyte = 1024 * 1024;
    const limitBytes =
      settings.code_limit_mb === undefined
        ? limits.codeArchiveBytes
        : settings.code_limit_mb * megabyte;
    const staged = await stageCode(this.cloud, {
      script: request.script,
      folder,
      limitBytes,
      include: request.include ?? [],
      includeSecretFiles: request.includeSecretFiles ?? [],
    });
    const image = await this.publishImage(complete, folder, tell);
    const started = await this.start(buildSpec({ ...complete, ...image }, runId, staged));
    return { ...started, warnings: staged.warnings };
  }

  /** The image of the request's Dockerfile, if it has one. */
  private async publishImage(
    request: TrainRequest,
    folder: string,
    tell: (line: string) => void,
  ): Promise<Pick<TrainRequest, 'image'>> {
    const { script, dockerfile, instanceTypes = [] } = request;
    if (dockerfile === undefined) return {};
    const { cloud, variables } = this.environment;
    // Instances of the local cloud are processes of this machine.
    const architecture = cloud === 'local' ? ownArchitecture() : architectureOf(instanceTypes);
    const image = await publishImage(this.cloud, {
      ...{ script, dockerfile, folder, architecture, tell },
      environment: variables,
    });
    return { image };
  }

  /**
   * Starts a run whose code is staged already.
   *
   * @throws run-exists  A run of that id goes on, or ended not long ago.
   */
  async start(spec: TrainingRunSpec): Promise<StartedRun> {
    const workflowId = runWorkflowId(spec.runId);
    try {
      await this.temporal.workflow.start('trainingRun', {
        workflowId,
        taskQueue: taskQueues.workflows,
        args: [spec],
        // A run id names one training for ever: its checkpoints and logs lie under it.
        workflowIdReusePolicy: 'REJECT_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
        staticSummary: `Trains ${spec.script}`,
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      throw new Failure('run-exists', `there is a run "${spec.runId}" already.`, {
        next: `Choose another --name, or look at it: runctl aws status ${spec.runId}`,
        cause: error,
      });
    }
    return { runId: spec.runId, workflowId, webUiUrl: this.pageOf(spec.runId), warnings: [] };
  }

  /** The run's page in Temporal's Web UI; null when nobody knows where that is. */
  pageOf(runId: string): string | null {
    const { webUiUrl, temporal } = this.environment;
    return runUrl(webUiUrl, temporal.namespace, runWorkflowId(runId));
  }

  /** What is known of the run now. @throws run-not-found */
  status(id: string): Promise<RunSnapshot> {
    return this.resolve(id).then((runId) => readRun(this.temporal, runId));
  }

  /** Looks until the run is over, and returns how it ended. Bounded by the run itself, or by the signal. */
  async wait(id: string, signal?: AbortSignal): Promise<RunSnapshot> {
    const runId = await this.resolve(id);
    for (;;) {
      const snapshot = await readRun(this.temporal, runId);
      if (snapshot.isOver) return snapshot;
      await sleep(limits.followIntervalMs, undefined, signal === undefined ? {} : { signal });
    }
  }

  /**
   * Asks the run to save, stop and end; with `force` the script is killed at once, and what was saved before is kept.
   * Returns when the run has been told; `wait` awaits the end.
   *
   * @throws run-not-found
   */
  async stop(id: string, options: { readonly force?: boolean } = {}): Promise<void> {
    await this.tell(id, (handle) => handle.signal(stop, { force: options.force ?? false }));
  }

  /**
   * Saves a checkpoint now, keeps training, and returns the checkpoint; null when the script has saved nothing yet.
   *
   * @throws run-not-found, run-failed (it could not be saved, with the reason)
   */
  async saveCheckpoint(id: string): Promise<Checkpoint | null> {
    try {
      return await this.tell(id, (handle) => handle.executeUpdate(saveCheckpointNow));
    } catch (error) {
      if (!(error instanceof WorkflowUpdateFailedError)) throw error;
      const why = error.cause?.message ?? error.message;
      throw new Failure('run-failed', 'the checkpoint was not saved.', { why, cause: error });
    }
  }

  /** Asks for a checkpoint without waiting for it. @throws run-not-found */
  async requestCheckpoint(id: string): Promise<void> {
    await this.tell(id, (handle) => handle.signal(saveCheckpoint));
  }

  /**
   * Makes the run behave as if its instance got an interruption notice: it saves, moves to another instance and goes on.
   *
   * @throws run-not-found
   */
  async interrupt(id: string, notice: { readonly instanceId?: string } = {}): Promise<void> {
    await this.tell(id, (handle) =>
      handle.signal(spotInterruption, { ...notice, source: 'client' }),
    );
  }

  /** The newest runs first. */
  list(options: ListOptions = {}): Promise<ListedRun[]> {
    return listRuns(this.temporal, options);
  }

  /** What the worker warns of now, of all runs of the account and region together, as sentences. */
  accountWarnings(): Promise<readonly string[]> {
    return readAccountWarnings(this.temporal);
  }

  /** What lies in the bucket as checkpoints of the run, newest first. @throws run-not-found */
  async listCheckpoints(id: string): Promise<StoredCheckpoint[]> {
    const runId = await this.resolve(id);
    const stored = await this.cloud.listCheckpoints(runId);
    // A run that Temporal has forgotten may still have its checkpoints.
    if (stored.length === 0) await this.status(runId);
    return stored;
  }

  /**
   * Deletes all but the newest checkpoints of a run, never the one it would resume from; `dryRun` only tells which.
   *
   * @returns The prefixes of what is, or would be, deleted.
   */
  async cleanUpCheckpoints(
    id: string,
    keepLast: number,
    options: { readonly dryRun?: boolean } = {},
  ): Promise<readonly string[]> {
    const runId = await this.resolve(id);
    const prunable = await this.cloud.listPrunable(runId, keepLast);
    if (options.dryRun !== true) await this.cloud.pruneCheckpoints(runId, keepLast);
    return prunable.map(({ prefix }) => prefix);
  }

  /** A reader of the run's log, over all attempts unless one is selected. */
  logReader(runId: string, selection: LogSelection = {}): LogReader {
    return new LogReader(this.cloud, runId, selection);
  }

  /** The newest attempt that is known or has published a log; 1 when there is none yet. */
  async newestAttempt(run: RunSnapshot): Promise<number> {
    const known = run.attempts.at(-1)?.number;
    // Without a worker the ledger of an ended run may not be readable; its logs are.
    return known ?? (await this.cloud.listLogAttempts(run.runId)).at(-1) ?? 1;
  }

  /** The run id of a run id, a workflow id or an instance id. @throws run-not-found, instance-not-found */
  resolve(id: string): Promise<string> {
    return resolveRunId(this.temporal, id, this.cloud);
  }

  async close(): Promise<void> {
    await this.cloud.close();
    await this.temporal.connection.close();
  }

  /** On AWS a type costs money, so it has to be said; the local cloud's cost nothing and are all the same. */
  private defaultTypes(): readonly string[] {
    return this.environment.cloud === 'local' ? ['g5.xlarge', 'g6.xlarge'] : [];
  }

  private async tell<Answer>(
    id: string,
    message: (handle: WorkflowHandle) => Promise<Answer>,
  ): Promise<Answer> {
    const runId = await this.resolve(id);
    try {
      return await message(this.temporal.workflow.getHandle(runWorkflowId(runId)));
    } catch (error) {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      const { state } = await this.status(runId);
      throw new Failure('run-not-found', `no run "${runId}" goes on.`, {
        why: `It has ended: ${state}.`,
        next: `What it did: runctl aws monitor ${runId}. \`runctl aws list\` shows the other runs.`,
        cause: error,
      });
    }
  }
}
