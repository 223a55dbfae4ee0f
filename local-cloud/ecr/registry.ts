import { createReadStream } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { World } from '../world/world';
import { answerBlob, answerUpload } from './registry-blobs';
import { RegistryError, type RegistryCall, type RegistryReply } from './registry-call';
import { answerManifest, answerTags } from './registry-manifests';
import type { ImageStore } from './store';
import { isAuthorized } from './token';

/** Whether a path belongs to the registry: no bucket can have a name of two letters. */
export const isForRegistry = (path: string): boolean => path === '/v2' || path.startsWith('/v2/');

const PATH = /^\/v2\/(.+)\/(blobs\/uploads|blobs|manifests|tags)\/?([^/]*)$/;

/**
 * The registry of this cloud as docker speaks to it: what `docker push` and `docker pull` need. Its password comes from
 * ECR's GetAuthorizationToken, and a repository has to be created before something is pushed into it.
 *
 * @see https://distribution.github.io/distribution/spec/api/
 */
export class Registry {
  constructor(
    private readonly world: World,
    private readonly images: ImageStore,
  ) {}

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let reply: RegistryReply;
    try {
      reply = await this.answer(request);
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      reply = refusal(request, error);
    }
    const { statusCode, headers, body, file } = reply;
    // What a refused request still sends has to be read, or its answer is not.
    request.resume();
    response.writeHead(statusCode, {
      'docker-distribution-api-version': 'registry/2.0',
      ...(body === undefined ? {} : { 'content-length': String(body.length) }),
      ...(body === undefined && file === undefined && request.method !== 'HEAD'
        ? { 'content-length': '0' }
        : {}),
      ...headers,
    });
    if (file === undefined) response.end(request.method === 'HEAD' ? undefined : body);
    else await pipeline(createReadStream(file.path, { start: file.firstByte }), response);
  }

  private async answer(request: IncomingMessage): Promise<RegistryReply> {
    const { method = 'GET', url = '/', headers } = request;
    const [path = '', query = ''] = url.split('?');
    const { secretAccessKey } = this.world.settings.root;
    if (!isAuthorized(secretAccessKey, headers.authorization, +this.world.now())) {
      throw new RegistryError(401, 'UNAUTHORIZED', 'Your authorization token has expired.');
    }
    if (path === '/v2' || path === '/v2/') return json(200, {});
    const [, name = '', kind, reference = ''] = PATH.exec(path) ?? [];
    const repository = this.images.find(name);
    if (repository === undefined) {
      const account = this.world.settings.accountId;
      const why = `The repository with name '${name}' does not exist in the registry with id '${account}'`;
      throw new RegistryError(404, 'NAME_UNKNOWN', why);
    }
    const call: RegistryCall = {
      images: this.images,
      repository,
      request,
      method,
      query: new URLSearchParams(query),
      reference,
      now: this.world.now(),
    };
    if (kind === 'manifests') return answerManifest(call);
    if (kind === 'blobs/uploads') return answerUpload(call);
    return kind === 'blobs' ? answerBlob(call) : answerTags(call);
  }
}

function refusal(
  { headers }: IncomingMessage,
  { statusCode, code, message }: RegistryError,
): RegistryReply {
  const reply = json(statusCode, { errors: [{ code, message }] });
  if (statusCode !== 401) return reply;
  const realm = `http://${headers.host ?? '127.0.0.1'}/`;
  const challenge = `Basic realm="${realm}",service="ecr.amazonaws.com"`;
  return { ...reply, headers: { ...reply.headers, 'www-authenticate': challenge } };
}

const json = (statusCode: number, body: object): RegistryReply => ({
  statusCode,
  headers: { 'content-type': 'application/json; charset=utf-8' },
  body: Buffer.from(JSON.stringify(body)),
});
