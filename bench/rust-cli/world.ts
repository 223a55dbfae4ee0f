import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EC2Client, RunInstancesCommand } from '@aws-sdk/client-ec2';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { GetCommandInvocationCommand, SendCommandCommand, SSMClient } from '@aws-sdk/client-ssm';
import {
  startEnvironment,
  type RunningEnvironment,
} from '../../client/environment/start-environment';
import { LocalCloudAdmin, type LocalCloudStatus } from '../../client/local-cloud/admin-client';
import { limits } from './limits';
import { type Ran, runCommand } from './run-command';
import { metadataAddress } from './sandbox';

const imageId = 'ami-0a1b2c3d4e5f60001';

/** A project of its own: what one situation is measured with. */
export interface Project {
  readonly name: string;
  readonly folder: string;
}

/** Temporal, worker and local cloud, and both tools beside them. */
export class World {
  readonly admin: LocalCloudAdmin;
  private readonly aws;

  private constructor(
    private readonly folder: string,
    private readonly rustCliFile: string,
    private readonly running: RunningEnvironment,
  ) {
    const { awsEndpointUrl, region, accessKeyId, secretAccessKey } = running.upFile;
    this.admin = new LocalCloudAdmin(awsEndpointUrl ?? '', secretAccessKey ?? '');
    this.aws = {
      AWS_ENDPOINT_URL: awsEndpointUrl ?? '',
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId ?? '',
      AWS_SECRET_ACCESS_KEY: secretAccessKey ?? '',
    };
  }

  static async start(folder: string, rustCli: string): Promise<World> {
    const running = await startEnvironment({
      folder,
      cloud: 'local',
      settings: {},
      environment: plainEnvironment(folder),
      startsWorker: true,
      temporal: { namespace: 'default', usesStockPorts: false },
      // The Rust CLI's user data installs packages, and formats disks that it finds.
      runsUserData: false,
      say: () => undefined,
    });
    const world = new World(folder, rustCli, running);
    world.serveMetadata();
    return world;
  }

  stop(): Promise<void> {
    return this.running.stop();
  }

  /** A folder with a script at `src/train.py`, a repository, and a settings file that both tools read. */
  project(name: string, script: string): Project {
    const folder = path.join(this.folder, name);
    mkdirSync(path.join(folder, 'src'), { recursive: true });
    writeFileSync(path.join(folder, 'src', 'train.py'), script);
    const { bucket } = this.running.upFile;
    writeFileSync(path.join(folder, '.runctl.toml'), settingsFile(bucket));
    spawnSync('git', ['init', '--quiet'], { cwd: folder });
    return { name, folder };
  }

  /** What the Rust CLI demands before it sends the code: that the code is there. Done by hand. */
  putCodeThere({ name }: Project, script: string): void {
    const there = this.remote({ name }, 'src');
    mkdirSync(there, { recursive: true });
    writeFileSync(path.join(there, 'train.py'), script);
  }

  /** Where the Rust CLI's project lies on an instance. */
  remote({ name }: Pick<Project, 'name'>, ...parts: string[]): string {
    return path.join('/home/ec2-user', name, ...parts);
  }

  readRemote(project: Project, ...parts: string[]): string {
    try {
      return readFileSync(this.remote(project, ...parts), 'utf8');
    } catch {
      // Not written (yet).
      return '';
    }
  }

  /** Runs the Rust CLI as a person would, in the project's folder. */
  rustCli({ folder }: Project, args: readonly string[], seconds: number): Promise<Ran> {
    return runCommand(
      this.rustCliFile,
      args,
      folder,
      this.environment({ TRAINCTL_AUTO_RESUME: '1' }),
      seconds,
    );
  }

  /** Runs our bin there. */
  ours({ folder }: Project, args: readonly string[], seconds: number): Promise<Ran> {
    const bin = path.resolve(__dirname, '../../dist/client/main.js');
    return runCommand(process.execPath, [bin, ...args], folder, this.environment({}), seconds);
  }

  /** An On-Demand instance as the Rust CLI's user would have one: with a profile, for SSM. */
  async ownInstance(instanceType: 't3.medium' | 'p4d.24xlarge' = 't3.medium'): Promise<string> {
    const ec2 = new EC2Client(this.clientConfig());
    const reply = await ec2.send(
      new RunInstancesCommand({
        ImageId: imageId,
        InstanceType: instanceType,
        MinCount: 1,
        MaxCount: 1,
        IamInstanceProfile: { Name: this.running.upFile.instanceProfile ?? '' },
      }),
    );
    const id = reply.Instances?.[0]?.InstanceId ?? '';
    await this.until(`${id} runs`, async () => (await this.instance(id))?.state === 'running');
    // The agent registers a moment later.
    await sleep(2_000);
    return id;
  }

  async instance(id: string): Promise<LocalCloudStatus['instances'][number] | undefined> {
    return (await this.admin.status()).instances.find((one) => one.instanceId === id);
  }

  /** How many instances of a run of ours are not over. */
  async countInstancesOf({ name }: Project): Promise<number> {
    const { instances } = await this.admin.status();
    return instances.filter(
      ({ tags, state }) => tags['runctl:run-id'] === name && state !== 'terminated',
    ).length;
  }

  /** The keys of the bucket that hold what a script saved. */
  async checkpointKeys(): Promise<string[]> {
    const s3 = new S3Client({ ...this.clientConfig(), forcePathStyle: true });
    const reply = await s3.send(
      new ListObjectsV2Command({ Bucket: this.running.upFile.bucket, Prefix: '' }),
    );
    return (reply.Contents ?? []).flatMap(({ Key }) => (Key?.endsWith('.pt') === true ? Key : []));
  }

  /** A file in an instance's home: where the Rust CLI's commands run. */
  homeOf(instanceId: string, name: string): string {
    return path.join(this.folder, '.runctl/local-cloud/instances', instanceId, 'home', name);
  }

  /** The command lines of everything that runs in this sandbox, with the instance that each belongs to. */
  commandLines(): string[] {
    const processes = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    return processes.flatMap((pid) => {
      try {
        const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ');
        const instance = /(?<=AWS_SSM_INSTANCE_ID=)[^\0]*/.exec(
          readFileSync(`/proc/${pid}/environ`, 'utf8'),
        );
        return [`${words} ${instance?.[0] ?? ''}`];
      } catch {
        // Ended while we looked.
        return [];
      }
    });
  }

  /** Runs a command on an instance as SSM would, and returns what it prints. */
  async onInstance(instanceId: string, command: string): Promise<string> {
    const ssm = new SSMClient(this.clientConfig());
    const sent = await ssm.send(
      new SendCommandCommand({
        DocumentName: 'AWS-RunShellScript',
        InstanceIds: [instanceId],
        Parameters: { commands: [command] },
      }),
    );
    let output = '';
    await this.until('the command ends', async () => {
      await sleep(limits.pollMs);
      const reply = await ssm.send(
        new GetCommandInvocationCommand({
          InstanceId: instanceId,
          CommandId: sent.Command?.CommandId,
        }),
      );
      output = reply.StandardOutputContent ?? '';
      return reply.Status !== 'Pending' && reply.Status !== 'InProgress';
    });
    return output.trim();
  }

  /** Waits for a condition. @throws Error naming what never was. */
  async until(what: string, is: () => Promise<boolean> | boolean): Promise<void> {
    const deadline = Date.now() + limits.conditionSeconds * 1_000;
    while (!(await is())) {
      if (Date.now() > deadline) throw new Error(`Waited in vain: ${what}.`);
      await sleep(limits.pollMs);
    }
  }

  private clientConfig() {
    const { AWS_ENDPOINT_URL: endpoint, AWS_REGION: region } = this.aws;
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = this.aws;
    return { endpoint, region, credentials: { accessKeyId, secretAccessKey } };
  }

  private environment(more: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
    return { ...plainEnvironment(this.folder), ...this.aws, ...more };
  }

  /** Lets an instance find its metadata where it is on EC2: the newest instance that runs. */
  private serveMetadata(): void {
    createServer((client) => {
      void this.newestMetadataPort().then((port) => {
        const service = createConnection(port, '127.0.0.1');
        client.pipe(service).pipe(client);
        for (const side of [client, service]) side.on('error', () => client.destroy());
      });
    })
      .listen(80, metadataAddress)
      // It must not keep a comparison from ending.
      .unref();
  }

  private async newestMetadataPort(): Promise<number> {
    const running = (await this.admin.status()).instances.filter(
      ({ state }) => state === 'running',
    );
    const records = running.map(
      ({ instanceId }) =>
        // As the local cloud keeps it.
        JSON.parse(
          readFileSync(
            path.join(this.folder, '.runctl/local-cloud/ec2/instances', `${instanceId}.json`),
            'utf8',
          ),
        ) as { launchedAt: string; metadataPort: number },
    );
    records.sort((one, other) => (one.launchedAt < other.launchedAt ? 1 : -1));
    return records[0]?.metadataPort ?? 0;
  }
}

function settingsFile(bucket: string): string {
  return `[aws]
region = "us-east-1"
default_instance_type = "t3.medium"
default_ami = "${imageId}"
use_spot = true
s3_bucket = "${bucket}"

[checkpoint]
dir = "checkpoints"
save_interval = 5
keep_last_n = 10

[monitoring]
log_dir = "logs"
update_interval_secs = 10
enable_warnings = true
`;
}

function plainEnvironment(folder: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    XDG_CONFIG_HOME: path.join(folder, 'config'),
    RUNCTL_POLL_INTERVAL_SECONDS: '1',
    RUST_BACKTRACE: '0',
    USER: 'ada',
  };
}
