import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { refuseStranger } from '../loopback';
import { renewCredentials } from '../world/credentials';
import type { World } from '../world/world';
import { hopsFrom } from './hops';
import { listMetadata, metadataOf } from './metadata';
import { isValidToken, makeToken, readTokenTtl } from './token';

const TTL_HEADER = 'x-aws-ec2-metadata-token-ttl-seconds';
const TOKEN_HEADER = 'x-aws-ec2-metadata-token';

// What a client without a setting asks. Here it comes only through somebody who routes that address to this port: a web
// page of that host would come from the service itself.
const REAL_ADDRESS = '169.254.169.254';

/** The metadata services of all instances, IMDSv2 only, each on a loopback port of its own. */
export class MetadataServices {
  private readonly servers = new Map<string, Server>();

  constructor(private readonly world: World) {}

  /** Opens an instance's service, on the port that it had before where there was one, and returns the port. */
  async open(instanceId: string, knownPort: number | null): Promise<number> {
    const present = this.servers.get(instanceId);
    if (present !== undefined) return portOf(present);
    const server = createServer((request, response) => {
      answer(this.world, instanceId, request, response);
    });
    this.servers.set(instanceId, server);
    try {
      await listen(server, knownPort ?? 0);
    } catch (error) {
      this.servers.delete(instanceId);
      throw error;
    }
    return portOf(server);
  }

  close(instanceId: string): void {
    const server = this.servers.get(instanceId);
    this.servers.delete(instanceId);
    server?.close();
    server?.closeAllConnections();
  }

  closeAll(): void {
    for (const instanceId of [...this.servers.keys()]) this.close(instanceId);
  }
}

function portOf(server: Server): number {
  // A TCP server that listens has an address object.
  return (server.address() as AddressInfo).port;
}

async function listen(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function answer(
  world: World,
  instanceId: string,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  request.resume();
  if (isTooFar(world, instanceId, request)) return; // The answer is lost on its way, so nobody hears anything.
  const { statusCode, body, headers } = decide(world, instanceId, request);
  response.writeHead(statusCode, {
    'content-type': 'text/plain',
    server: 'EC2ws',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}

/** Only the answer that carries a token is kept from travelling; without one there is nothing to ask for. */
function isTooFar(world: World, instanceId: string, request: IncomingMessage): boolean {
  const limit = world.instances.get(instanceId)?.metadataHopLimit ?? 1;
  return limit < 2 && request.url === '/latest/api/token' && hopsFrom(request.socket) > limit;
}

interface Answer {
  readonly statusCode: number;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

function decide(world: World, instanceId: string, request: IncomingMessage): Answer {
  const stranger = refuseStranger(request, [REAL_ADDRESS]);
  if (stranger !== null) return { statusCode: 403, body: stranger };
  const secret = world.settings.root.secretAccessKey;
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  if (path === '/latest/api/token') return issueToken(world, instanceId, request, secret);
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    return { statusCode: 405, body: '405 - Method Not Allowed', headers: { allow: 'GET, HEAD' } };
  }
  if (!isValidToken(secret, instanceId, request.headers[TOKEN_HEADER], +world.now())) {
    return { statusCode: 401, body: '401 - Unauthorized' };
  }
  const body = read(world, instanceId, path);
  return body === null ? { statusCode: 404, body: '404 - Not Found' } : { statusCode: 200, body };
}

function issueToken(
  world: World,
  instanceId: string,
  request: IncomingMessage,
  secret: string,
): Answer {
  if (request.method !== 'PUT') {
    return { statusCode: 405, body: '405 - Method Not Allowed', headers: { allow: 'PUT' } };
  }
  // A proxy that forwards would hand the token to a stranger.
  if (request.headers['x-forwarded-for'] !== undefined) {
    return { statusCode: 403, body: '403 - Forbidden' };
  }
  const ttlSeconds = readTokenTtl(request.headers[TTL_HEADER]);
  if (ttlSeconds === null) return { statusCode: 400, body: '400 - Bad Request' };
  return {
    statusCode: 200,
    body: makeToken(secret, instanceId, +world.now() + ttlSeconds * 1000),
    headers: { [TTL_HEADER]: String(ttlSeconds) },
  };
}

// The newest version and the dated ones are the same here.
const VERSION = /^\/(latest|1\.0|\d{4}-\d{2}-\d{2})(\/|$)/;

// The list of everything names the role's folder too.
const SHOWS_ROLE = /\/(iam(\/|$)|meta-data\/?$)/;

function read(world: World, instanceId: string, path: string): string | null {
  let instance = world.instances.get(instanceId);
  if (instance === undefined || !VERSION.test(path)) return null;
  if (instance.instanceProfile !== null && SHOWS_ROLE.test(path)) {
    const credentials = renewCredentials(instance, world.now());
    if (credentials.at(-1) !== instance.credentials.at(-1)) {
      instance = world.updateInstance(instanceId, { credentials });
    }
  }
  const metadata = metadataOf(world, instance);
  const name = decodePath(path.replace(VERSION, '').replace(/\/$/, ''));
  return metadata.get(name) ?? listMetadata(metadata, name);
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
