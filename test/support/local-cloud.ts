import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const START_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 60_000;
const POLL_MS = 25;

/** The ready line of the server. */
interface CloudFacts {
  readonly endpointUrl: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bucket: string;
  readonly instanceProfile: string;
}

interface CloudStatus {
  readonly instances: readonly {
    readonly instanceId: string;
    readonly state: string;
    readonly instanceType: string;
    readonly zone: string;
    readonly purchase: string;
    readonly launchedAt: string;
    readonly processCount: number;
    readonly costUsd: number;
    readonly tags: Readonly<Record<string, string>>;
  }[];
  readonly spotRequests: readonly {
    readonly requestId: string;
    readonly state: string;
    readonly statusCode: string;
    readonly instanceId: string | null;
  }[];
  readonly billUsd: number;
  readonly faults: readonly object[];
}

/** A local cloud as a process of its own, spoken to over the wire. */
export interface TestCloud {
  readonly facts: CloudFacts;
  readonly stateDir: string;
  readonly pid: number;
  /** What an AWS SDK client is made with. */
  readonly clientConfig: {
    readonly endpoint: string;
    readonly region: string;
    readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  };
  /** What the stock CLI, boto3, or a process on this machine needs. */
  readonly environment: Readonly<Record<string, string>>;
  status(): Promise<CloudStatus>;
  /** One request to the admin API; rejects with the error's code unless it is answered 2xx. */
  admin(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<unknown>;
  /** Kills the server alone with SIGKILL; the instances live on. */
  crash(): Promise<void>;
  /** Starts a server on the same folder again. */
  restart(): Promise<void>;
  /** Terminates all, and rejects when a process of the cloud or of an instance is left. */
  close(): Promise<void>;
}

export interface TestCloudOptions {
  readonly bootSeconds?: number;
  readonly stateDir?: string;
  readonly port?: number;
  readonly runsUserData?: boolean;
}

/** Starts a local cloud in a temporary folder. */
export async function startLocalCloud(options: TestCloudOptions = {}): Promise<TestCloud> {
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'local-cloud-'));
  let server = await startServer(stateDir, options);
  const { facts } = server;
  const { accessKeyId, secretAccessKey, region, endpointUrl } = facts;

  const admin: TestCloud['admin'] = async (method, path, body) => {
    const reply = await fetch(`${endpointUrl}/_local/${path.replace(/^\//, '')}`, {
      method,
      headers: { authorization: `Bearer ${secretAccessKey}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer: unknown = await reply.json();
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${JSON.stringify(answer)}`);
    return answer;
  };

  return {
    facts,
    stateDir,
    get pid() {
      return server.process.pid ?? 0;
    },
    clientConfig: { endpoint: endpointUrl, region, credentials: { accessKeyId, secretAccessKey } },
    environment: {
      AWS_ENDPOINT_URL: endpointUrl,
      AWS_REGION: region,
      AWS_DEFAULT_REGION: region,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
    admin,
    // The shape is fixed by docs/local-cloud-protocol.md.
    status: async () => (await admin('GET', 'status')) as CloudStatus,
    crash: () => end(server.process, 'SIGKILL'),
    restart: async () => {
      server = await startServer(stateDir, options);
    },
    close: async () => {
      try {
        await end(server.process, 'SIGTERM');
        await provesNothingIsLeft(stateDir);
      } finally {
        rmSync(stateDir, { recursive: true, force: true, maxRetries: 5 });
      }
    },
  };
}

interface RunningServer {
  readonly process: ChildProcess;
  readonly facts: CloudFacts;
}

async function startServer(stateDir: string, options: TestCloudOptions): Promise<RunningServer> {
  const child = spawn(
    process.execPath,
    [
      ...['--import', 'tsx', resolve(__dirname, '../../local-cloud/main.ts')],
      ...['--state-dir', stateDir, '--boot-seconds', String(options.bootSeconds ?? 0.2)],
      ...['--port', String(options.port ?? 0), '--terminate-on-exit'],
      ...(options.runsUserData === false ? ['--no-user-data'] : []),
    ],
    { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
  );
  const { stdout } = child;
  const facts = await new Promise<CloudFacts>((accept, reject) => {
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error('The local cloud did not start.'));
    }, START_LIMIT_MS);
    child.once('exit', (code) => {
      clearTimeout(late);
      reject(new Error(`The local cloud ended with ${String(code)}.`));
    });
    createInterface({ input: stdout }).once('line', (line) => {
      clearTimeout(late);
      // The ready line of docs/local-cloud-protocol.md.
      accept(JSON.parse(line) as CloudFacts);
    });
  });
  return { process: child, facts };
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((accept) => child.once('exit', accept));
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_LIMIT_MS);
  await ended;
  clearTimeout(late);
}

async function provesNothingIsLeft(stateDir: string): Promise<void> {
  const deadline = Date.now() + STOP_LIMIT_MS;
  while (processesOf(stateDir).length > 0) {
    if (Date.now() > deadline) {
      const left = processesOf(stateDir);
      for (const { pid } of left) process.kill(pid, 'SIGKILL');
      throw new Error(`Processes are left: ${left.map((one) => one.command).join('; ')}`);
    }
    await new Promise((accept) => setTimeout(accept, POLL_MS));
  }
}

/** The processes of this host whose environment or command line names the folder. */
export function processesOf(folder: string): readonly { pid: number; command: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
      const environment = readFileSync(`/proc/${name}/environ`, 'latin1');
      const isOurs = command.includes(folder) || environment.includes(folder);
      return isOurs ? [{ pid, command }] : [];
    } catch {
      return []; // It ended, or belongs to somebody else.
    }
  });
}

/** Looks until `look` returns something, and fails with `what` after the limit. */
export async function until<T>(
  what: string,
  look: () => Promise<T | undefined | false | null> | T | undefined | false | null,
  limitMs = 20_000,
): Promise<T> {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false && seen !== null) return seen;
    if (Date.now() > deadline) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await new Promise((accept) => setTimeout(accept, POLL_MS));
  }
}
