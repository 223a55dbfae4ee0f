import type { CheckpointFolder } from '../aws/checkpoint-store';
import type { Cloud } from '../aws/connect-cloud';
import type { RegistryLogin } from '../aws/image-registry';
import type { InstanceView } from '../aws/instance-view';
import type { LogPiece } from '../aws/log-store';
import type { StatusReply } from '../aws/status-reader';
import type { CheckpointManifest } from '../domain/checkpoint';
import type { StagedCode } from '../domain/run-spec';
import { requireCloudSettings } from '../settings/cloud-settings';
import type * as CloudCalls from './cloud-calls';
import type { Environment } from './environment/environment';

export interface StoredCheckpoint extends CheckpointFolder {
  readonly manifest: CheckpointManifest | null;
}

type Calls = typeof CloudCalls;

interface Connected {
  readonly calls: Calls;
  readonly cloud: Cloud;
}

/**
 * What a client asks of the cloud itself: everything else goes through the workflow. Every method throws
 * no-credentials, not-authorized, bucket-missing or aws-unavailable.
 */
export class CloudAccess {
  private connected: Promise<Connected> | null = null;

  constructor(private readonly environment: Environment) {}

  /** Puts a code archive under its hash; one that is there already is not sent again. */
  storeCode(sha256: string, archive: Uint8Array): Promise<StagedCode> {
    return this.ask(({ calls, cloud }) => calls.storeCode(cloud, sha256, archive));
  }

  /** An instance as EC2 sees it now, after what was just done to it; null when it is not there. */
  readInstance(instanceId: string): Promise<InstanceView | null> {
    return this.ask(async ({ calls, cloud }) => {
      const found = await calls.describeInstances(cloud.clients.ec2, [instanceId]);
      return found.get(instanceId) ?? null;
    });
  }

  /** What an instance says of its training. */
  readTraining(instanceId: string): Promise<StatusReply> {
    return this.ask(({ calls, cloud }) => calls.readTraining(cloud, instanceId));
  }

  /** The address of a repository of images; makes it when it is not there. */
  ensureRepository(name: string): Promise<string> {
    return this.ask(({ calls, cloud }) => calls.ensureRepository(cloud, name));
  }

  /** The digest of a pushed image; null when there is none of that tag. */
  findImageDigest(repository: string, tag: string): Promise<string | null> {
    return this.ask(({ calls, cloud }) => calls.findImageDigest(cloud, repository, tag));
  }

  /** A password for the registry of images. */
  logInToRegistry(): Promise<RegistryLogin> {
    return this.ask(({ calls, cloud }) => calls.logInToRegistry(cloud));
  }

  /** A text object of the bucket; null when there is none. */
  readText(key: string): Promise<string | null> {
    return this.ask(async ({ calls, cloud: { clients, settings } }) => {
      return (await calls.getText(clients, settings.bucket, key))?.text ?? null;
    });
  }

  /** Looks whether the bucket is there for us. */
  checkBucket(): Promise<void> {
    return this.ask(({ calls, cloud }) => calls.checkBucket(cloud.clients, cloud.settings.bucket));
  }

  /** The pieces of an attempt's log in order, behind one that was read before. */
  listLog(runId: string, attemptNumber: number, afterKey?: string): Promise<readonly LogPiece[]> {
    return this.ask(({ calls, cloud }) => calls.listLog(cloud, runId, attemptNumber, afterKey));
  }

  /** The bytes of a piece of a log; null when it was deleted. */
  readLogPiece(key: string): Promise<Uint8Array | null> {
    return this.ask(({ calls, cloud }) => calls.readLogPiece(cloud, key));
  }

  /** The attempts of a run that have published a log, in order. */
  listLogAttempts(runId: string): Promise<readonly number[]> {
    return this.ask(({ calls, cloud }) => calls.listLogAttempts(cloud, runId));
  }

  /** What was uploaded as checkpoints of a run, newest first; `manifest` is null where it never became one. */
  listCheckpoints(runId: string): Promise<StoredCheckpoint[]> {
    return this.ask(async ({ calls, cloud }) => {
      const folders = await calls.listCheckpointFolders(cloud, runId);
      const stored: StoredCheckpoint[] = [];
      for (const folder of folders) {
        stored.push({ ...folder, manifest: await calls.readCheckpointManifest(cloud, folder) });
      }
      return stored;
    });
  }

  /** What `pruneCheckpoints` would delete. */
  listPrunable(runId: string, keepLast: number): Promise<readonly CheckpointFolder[]> {
    return this.ask(({ calls, cloud }) => calls.listPrunable(cloud, runId, keepLast));
  }

  /** Deletes all but the newest checkpoints; returns how many went. */
  pruneCheckpoints(runId: string, keepLast: number): Promise<number> {
    return this.ask(({ calls, cloud }) => calls.pruneCheckpoints(cloud, runId, keepLast));
  }

  async close(): Promise<void> {
    (await this.connected)?.cloud.close();
  }

  /** Makes calls of `aws/`, and explains the SDK's error in our words. */
  async ask<Answer>(call: (connected: Connected) => Promise<Answer>): Promise<Answer> {
    this.connected ??= connect(this.environment);
    const connected = await this.connected;
    try {
      return await call(connected);
    } catch (error) {
      throw connected.calls.failureFromAwsError(error) ?? error;
    }
  }
}

async function connect({ settings, variables }: Environment): Promise<Connected> {
  const complete = requireCloudSettings(settings, 'client');
  // The SDK finds endpoint and credentials in the environment of the process, as every AWS program does.
  replaceEnvironment(variables);
  const calls = await import('./cloud-calls');
  return { calls, cloud: calls.connectCloud(complete) };
}

/** Takes out what is not there too: an AWS_PROFILE that was left would win over the local cloud's keys. */
function replaceEnvironment(variables: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) {
    const isOfCloud = name.startsWith('AWS_') && !name.startsWith('AWS_SDK_JS_');
    if (isOfCloud && variables[name] === undefined) Reflect.deleteProperty(process.env, name);
  }
  Object.assign(process.env, variables);
}
