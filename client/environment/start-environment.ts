import path from 'node:path';
import { Failure } from '../../domain/failure';
import type { SettingValues } from '../../settings/setting-keys';
import { configuredTemporal, connectClient, type TemporalTarget } from '../../temporal/connect';
import { registerSearchAttributes } from '../../temporal/search-attributes';
import { startLocalCloud } from '../local-cloud/start-local-cloud';
import { endProcess, type BackgroundProcess } from '../processes/background-process';
import { identifyProcess, type LocalProcess } from '../processes/process-identity';
import { findServerProgram } from '../temporal-server/find-server';
import { startServer } from '../temporal-server/start-server';
import type { Cloud } from './choose-cloud';
import { localCloudVariables, workerVariables } from './environment';
import { startWorker } from './start-worker';
import { findUpFile, removeUpFile, stateFolderName, writeUpFile, type UpFile } from './up-file';

export interface StartEnvironmentOptions {
  /** Holds `.runctl/`. */
  readonly folder: string;
  readonly cloud: Cloud;
  readonly settings: SettingValues;
  readonly environment: NodeJS.ProcessEnv;
  readonly startsWorker: boolean;
  readonly temporal: TemporalChoice;
  readonly bootSeconds?: number;
  /** Whether instances of the local cloud run their user data; true by default. */
  readonly runsUserData?: boolean;
  readonly say: (text: string) => void;
}

interface TemporalChoice {
  /** Of a server that is started here; one that is configured keeps its own. */
  readonly namespace: string;
  readonly port?: number;
  readonly uiPort?: number;
  readonly usesStockPorts: boolean;
}

/** What runs now, and how to end it. */
export interface RunningEnvironment {
  readonly upFile: UpFile;
  readonly processes: readonly NamedProcess[];
  /** True once `stop` was called: from then on the end of a part is no news. */
  readonly isStopping: () => boolean;
  /** Ends everything in order, the user of a thing before the thing, and removes `up.json`. Idempotent. */
  readonly stop: () => Promise<void>;
}

interface NamedProcess {
  readonly name: 'temporal' | 'local-cloud' | 'worker';
  readonly process: BackgroundProcess;
}

/**
 * Starts a Temporal server (unless one is configured), the local cloud (unless the cloud is AWS) and a worker, and
 * writes `.runctl/up.json`. When a part does not start, what was started before it is ended.
 */
export async function startEnvironment(
  options: StartEnvironmentOptions,
): Promise<RunningEnvironment> {
  const processes: NamedProcess[] = [];
  let isStopping = false;
  const stop = async (): Promise<void> => {
    isStopping = true;
    // A worker that was started again by `runctl worker` is named by the file only.
    const worker = findUpFile(options.folder)?.content.pids.worker;
    if (worker !== undefined && worker !== null) await endProcess(worker);
    for (const { process } of processes.toReversed()) await endProcess(process.identity);
    removeUpFile(options.folder);
  };
  try {
    const upFile = await startParts(options, (started) => processes.push(started));
    return { upFile, processes, isStopping: () => isStopping, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startParts(
  options: StartEnvironmentOptions,
  hasStarted: (process: NamedProcess) => void,
): Promise<UpFile> {
  const pids: Record<NamedProcess['name'], LocalProcess | null> = {
    temporal: null,
    'local-cloud': null,
    worker: null,
  };
  const note = (name: NamedProcess['name'], process: BackgroundProcess): void => {
    pids[name] = process.identity;
    hasStarted({ name, process });
  };
  const temporal = await startTemporal(options, note);
  const cloud = await startCloud(options, note);
  const content = (): UpFile => ({
    version: 1,
    cloud: options.cloud,
    temporalAddress: temporal.target.address,
    temporalNamespace: temporal.target.namespace,
    webUiUrl: temporal.webUiUrl,
    ...cloud,
    pids: {
      up: ownIdentity(),
      temporal: pids.temporal,
      localCloud: pids['local-cloud'],
      worker: pids.worker,
    },
  });
  // Written before the worker starts too: if we are killed in between, `runctl down` finds what runs.
  writeUpFile(options.folder, content());
  if (options.startsWorker) {
    const worker = await startWorker({
      folder: options.folder,
      logFile: path.join(options.folder, stateFolderName, 'logs', 'worker.log'),
      environment: workerVariables(
        options.cloud,
        options.cloud === 'local'
          ? localCloudVariables(options.environment, cloud)
          : options.environment,
        options.settings,
        temporal.target,
      ),
    });
    note('worker', worker);
    writeUpFile(options.folder, content());
  }
  return content();
}

async function startTemporal(
  options: StartEnvironmentOptions,
  note: (name: NamedProcess['name'], process: BackgroundProcess) => void,
): Promise<{ target: TemporalTarget; webUiUrl: string | null }> {
  const configured = configuredTemporal(options.environment);
  if (configured !== null) {
    options.say(`Temporal server: ${configured.address} (${configured.source})`);
    const client = await connectClient(configured);
    try {
      await registerSearchAttributes(client.connection.operatorService, configured.namespace);
    } finally {
      await client.connection.close();
    }
    return { target: configured, webUiUrl: null };
  }
  const program = await findServerProgram(options);
  options.say(`Temporal server: ${program.version}, ${program.file} (${program.source})`);
  const server = await startServer({
    ...options.temporal,
    program,
    stateFolder: path.join(options.folder, stateFolderName),
    environment: options.environment,
  });
  note('temporal', server.process);
  return server;
}

type CloudPart = Pick<
  UpFile,
  'awsEndpointUrl' | 'accessKeyId' | 'secretAccessKey' | 'instanceProfile' | 'region' | 'bucket'
>;

async function startCloud(
  options: StartEnvironmentOptions,
  note: (name: NamedProcess['name'], process: BackgroundProcess) => void,
): Promise<CloudPart> {
  const { region, bucket } = options.settings;
  if (options.cloud === 'aws') {
    if (region === undefined || bucket === undefined) throw missingForAws({ region, bucket });
    const none = { awsEndpointUrl: null, accessKeyId: null, secretAccessKey: null };
    return { ...none, region, bucket, instanceProfile: options.settings.instance_profile ?? null };
  }
  const localCloud = await startLocalCloud({
    stateFolder: path.join(options.folder, stateFolderName),
    region: region ?? 'us-east-1',
    environment: options.environment,
    ...(options.bootSeconds === undefined ? {} : { bootSeconds: options.bootSeconds }),
    ...(options.runsUserData === undefined ? {} : { runsUserData: options.runsUserData }),
  });
  note('local-cloud', localCloud.process);
  const { endpointUrl, ...rest } = localCloud.announcement;
  return { awsEndpointUrl: endpointUrl, ...rest };
}

function missingForAws(settings: Readonly<Record<string, string | undefined>>): Failure {
  const names = Object.keys(settings).filter((name) => settings[name] === undefined);
  return new Failure('invalid-input', `not set for AWS: ${names.join(', ')}.`, {
    why: 'A run needs to know in which region it launches and which bucket keeps its checkpoints.',
    next: `Set ${names.join(' and ')} in .runctl.toml; \`runctl doctor --cloud aws\` checks all settings.`,
  });
}

function ownIdentity(): LocalProcess {
  return identifyProcess(process.pid) ?? { pid: process.pid, startTime: '' };
}
