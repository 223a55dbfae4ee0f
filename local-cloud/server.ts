import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Admin } from './admin';
import { answerEc2 } from './ec2/service';
import { fulfilSpotRequests } from './ec2/open-spot-requests';
import { isForRegistry, Registry } from './ecr/registry';
import { answerEcr } from './ecr/service';
import { ImageStore } from './ecr/store';
import { ECR_TARGET } from './ecr/target';
import { MetadataServices } from './imds/service';
import { readBody, refuseStranger } from './loopback';
import { engineVariables } from './machine/engine';
import { findPython } from './machine/python';
import { createS3Service, type S3Service } from './s3/service';
import { answerPricing, pricingTarget } from './pricing/service';
import { answerSsm } from './ssm/service';
import { answerSts, isForSts } from './sts';
import type { IncomingCall } from './wire/authenticate';
import type { ServiceReply } from './wire/reply';
import { lookUpSecret } from './world/credentials';
import { Lifecycle } from './world/lifecycle';
import type { InstanceRecord } from './world/records';
import { World } from './world/world';

export interface LocalCloudOptions {
  readonly stateDir: string;
  /** 0: the port of the last time, or a free one. */
  readonly port: number;
  readonly bootSeconds: number;
  readonly region: string;
  /** Whether an instance runs what its launch gave it as user data. */
  readonly runsUserData: boolean;
}

/** What a user of the cloud needs to know; the ready line of main.ts. */
interface LocalCloudFacts {
  readonly endpointUrl: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly bucket: string;
  readonly instanceProfile: string;
}

export interface LocalCloud {
  readonly facts: LocalCloudFacts;
  /** Stops serving. Instances live on, unless they are to be terminated first. */
  close(options: { readonly terminatesInstances: boolean }): Promise<void>;
}

// How often states are looked at between requests: the clock of boots, deaths and interruptions.
const LOOK_INTERVAL_MS = 100;
// An orderly shutdown takes 4 s at most, then what is left is killed.
const TERMINATE_LIMIT_MS = 15_000;

/** Opens the world of a state folder and serves it on loopback. */
export async function startLocalCloud(options: LocalCloudOptions): Promise<LocalCloud> {
  findPython(); // A cloud that cannot start instances says so before it serves.
  const world = World.open(options.stateDir, options);
  const metadata = new MetadataServices(world);
  let endpointUrl = '';
  const lifecycle = new Lifecycle(world, {
    runsUserData: options.runsUserData,
    openMetadata: (instance) => metadata.open(instance.instanceId, instance.metadataPort),
    closeMetadata: (instanceId) => {
      metadata.close(instanceId);
    },
    environment: (instance, port) => environmentOf(world, instance, port, endpointUrl),
  });
  const s3 = createS3Service({
    stateDir: join(options.stateDir, 's3'),
    region: world.region,
    faults: world.faults,
    lookUp: (id) => lookUpSecret(world.settings.root, world.instances, id),
  });
  await s3.ensureBucket(world.settings.bucket);
  const images = new ImageStore(join(options.stateDir, 'ecr'));
  const services = { admin: new Admin(world, lifecycle), s3, images };
  const server = createServer(router(world, lifecycle, services));
  // Longer than clients keep an idle connection: a request that meets its end gets no answer.
  server.keepAliveTimeout = 75_000;
  const port = await listen(server, options.port === 0 ? world.settings.port : options.port);
  world.rememberPort(port);
  endpointUrl = `http://127.0.0.1:${port}`;
  const clock = setInterval(() => {
    fulfilSpotRequests(world);
    lifecycle.look();
  }, LOOK_INTERVAL_MS);
  const { root, bucket, instanceProfile } = world.settings;
  return {
    facts: { endpointUrl, region: world.region, ...root, bucket, instanceProfile },
    close: async ({ terminatesInstances }) => {
      if (terminatesInstances) await terminateAll(world, lifecycle);
      clearInterval(clock);
      metadata.closeAll();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function environmentOf(
  world: World,
  instance: InstanceRecord,
  metadataPort: number,
  endpointUrl: string,
): Readonly<Record<string, string>> {
  return {
    AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${metadataPort}`,
    AWS_ENDPOINT_URL: endpointUrl,
    AWS_REGION: world.region,
    AWS_DEFAULT_REGION: world.region,
    AWS_SSM_INSTANCE_ID: instance.instanceId,
    AWS_SSM_REGION_NAME: world.region,
    AWS_SSM_PLATFORM_NAME: 'Amazon Linux',
    AWS_SSM_PLATFORM_VERSION: '2023',
    ...engineEnvironment(),
  };
}

/** Programs of an instance find the same container engine as those of this computer. */
function engineEnvironment(): Readonly<Record<string, string>> {
  return Object.fromEntries(
    engineVariables.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

interface Services {
  readonly admin: Admin;
  readonly s3: S3Service;
  readonly images: ImageStore;
}

function router(world: World, lifecycle: Lifecycle, { admin, s3, images }: Services) {
  const registry = new Registry(world, images);
  return (request: IncomingMessage, response: ServerResponse): void => {
    const stranger = refuseStranger(request);
    if (stranger !== null) {
      sendJson(response, 403, { error: { code: 'foreign-request', message: stranger } });
      return;
    }
    void route(request, response).catch((error: unknown) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : String(error)}\n`);
      request.socket.destroy();
    });
  };

  async function route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/', headers } = request;
    const service = pickService(request);
    if (service === 's3' || service === 'registry') {
      await (service === 's3' ? s3 : registry).handle(request, response);
      return;
    }
    const body = await readBody(request);
    if (body === null) {
      sendJson(response, 413, { error: { code: 'too-large', message: 'The body is too large.' } });
      return;
    }
    if (service === 'admin') {
      const reply = admin.answer(request, body);
      sendJson(response, reply.statusCode, reply.body);
      return;
    }
    const call: IncomingCall = { method, url, headers, body };
    send(request, response, answerCall(service, call));
  }

  function answerCall(
    service: 'ec2' | 'ssm' | 'ecr' | 'pricing',
    call: IncomingCall,
  ): ServiceReply {
    const context = { world, lifecycle };
    if (service === 'ssm') return answerSsm(context, call);
    if (service === 'pricing') return answerPricing(context, call);
    const registryHost = `127.0.0.1:${world.settings.port}`;
    if (service === 'ecr') return answerEcr({ ...context, images, registryHost }, call);
    return isForSts(call.body) ? answerSts(world, call) : answerEc2(context, call);
  }
}

function pickService({
  url = '/',
  method,
  headers,
}: IncomingMessage): 'admin' | 'ec2' | 'ssm' | 'ecr' | 'pricing' | 'registry' | 's3' {
  const [path, query = ''] = url.split('?');
  if (path?.startsWith('/_local/')) return 'admin';
  if (path !== '/') return isForRegistry(path ?? '') ? 'registry' : 's3';
  const target = headers['x-amz-target'];
  if (target?.toString().startsWith(`${pricingTarget}.`) === true) return 'pricing';
  if (target !== undefined) return String(target).startsWith(ECR_TARGET) ? 'ecr' : 'ssm';
  const type = headers['content-type'] ?? '';
  if (method === 'POST' && type.startsWith('application/x-www-form-urlencoded')) return 'ec2';
  return new URLSearchParams(query).has('Action') ? 'ec2' : 's3';
}

function send(request: IncomingMessage, response: ServerResponse, reply: ServiceReply): void {
  if (reply.isLost) {
    request.socket.destroy();
    return;
  }
  response.writeHead(reply.statusCode, {
    'content-type': reply.contentType,
    'content-length': Buffer.byteLength(reply.body),
    'x-amzn-requestid': reply.requestId,
  });
  response.end(reply.body);
}

function sendJson(response: ServerResponse, statusCode: number, body: object): void {
  response.writeHead(statusCode, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify(body)}\n`);
}

async function listen(server: Server, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
  // A TCP server that listens has an address object.
  return (server.address() as AddressInfo).port;
}

async function terminateAll(world: World, lifecycle: Lifecycle): Promise<void> {
  for (const instance of world.instances.all()) {
    if (instance.state === 'pending' || instance.state === 'running') {
      lifecycle.end(instance, 'user', 'terminated');
    }
  }
  const deadline = Date.now() + TERMINATE_LIMIT_MS;
  const isEnding = ({ state }: InstanceRecord): boolean =>
    state === 'shutting-down' || state === 'stopping';
  while (Date.now() < deadline && world.instances.all().some(isEnding)) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_INTERVAL_MS));
    lifecycle.look();
  }
}
