import { z } from 'zod';
import {
  notSupported,
  readSmallBody,
  RegistryError,
  type RegistryCall,
  type RegistryReply,
} from './registry-call';
import { digestOf, isDigest } from './store';

// https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html
const MANIFEST_LIMIT_BYTES = 4 * 1024 * 1024;
const TAG = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

const descriptorSchema = z.object({ digest: z.string(), size: z.number() });
/** An image (config and layers) or an index (manifests); whichever it is, it names what has to be there. */
const manifestSchema = z.object({
  mediaType: z.string().optional(),
  config: descriptorSchema.optional(),
  layers: z.array(descriptorSchema).default([]),
  manifests: z.array(descriptorSchema).default([]),
});

/**
 * `/v2/NAME/manifests/REFERENCE`: GET, HEAD and PUT by tag or digest.
 *
 * @throws RegistryError MANIFEST_UNKNOWN, MANIFEST_INVALID, MANIFEST_BLOB_UNKNOWN, TAG_INVALID, DIGEST_INVALID.
 */
export async function answerManifest(call: RegistryCall): Promise<RegistryReply> {
  switch (call.method) {
    case 'GET':
    case 'HEAD':
      return read(call);
    case 'PUT':
      return write(call);
    default:
      throw notSupported();
  }
}

/** `/v2/NAME/tags/list`. */
export function answerTags({ repository }: RegistryCall): RegistryReply {
  const body = JSON.stringify({ name: repository.name, tags: Object.keys(repository.tags) });
  return {
    statusCode: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(body),
  };
}

function read({ images, repository, reference, method }: RegistryCall): RegistryReply {
  const digest = isDigest(reference) ? reference : (repository.tags[reference] ?? '');
  const manifest = repository.manifests[digest];
  const content = manifest === undefined ? null : images.readBlob(repository.name, digest);
  if (manifest === undefined || content === null) {
    throw new RegistryError(404, 'MANIFEST_UNKNOWN', 'Requested image not found');
  }
  return {
    statusCode: 200,
    headers: {
      'content-type': manifest.mediaType,
      'content-length': String(content.length),
      'docker-content-digest': digest,
    },
    ...(method === 'GET' ? { body: content } : {}),
  };
}

async function write(call: RegistryCall): Promise<RegistryReply> {
  const { images, request, reference } = call;
  const content = await readSmallBody(request, MANIFEST_LIMIT_BYTES);
  const digest = digestOf(content);
  if (isDigest(reference) && reference !== digest) {
    throw new RegistryError(400, 'DIGEST_INVALID', `The manifest is ${digest}.`);
  }
  if (!isDigest(reference) && !TAG.test(reference)) {
    throw new RegistryError(400, 'TAG_INVALID', `${reference} cannot be a tag.`);
  }
  const manifest = parse(content);
  const parts = [...(manifest.config ?? []), ...manifest.layers, ...manifest.manifests];
  const missing = parts.find((part) => images.blob(call.repository.name, part.digest) === null);
  if (missing !== undefined) {
    throw new RegistryError(400, 'MANIFEST_BLOB_UNKNOWN', `There is no blob ${missing.digest}.`);
  }
  // Looked up again, since another request may have changed it while the body came.
  const repository = images.find(call.repository.name) ?? call.repository;
  const tagged = repository.tags[reference];
  if (repository.isImmutable && tagged !== undefined && tagged !== digest) {
    const why = `The image tag '${reference}' already exists in the '${repository.name}' repository and cannot be overwritten because the tag is immutable.`;
    throw new RegistryError(400, 'TAG_INVALID', why);
  }
  images.writeBlob(repository.name, content);
  const mediaType = request.headers['content-type'] ?? manifest.mediaType ?? 'application/json';
  const imageBytes = parts.reduce((sum, { size }) => sum + size, content.length);
  const pushedAt = repository.manifests[digest]?.pushedAt ?? call.now.toISOString();
  images.put({
    ...repository,
    tags: isDigest(reference) ? repository.tags : { ...repository.tags, [reference]: digest },
    manifests: { ...repository.manifests, [digest]: { mediaType, imageBytes, pushedAt } },
  });
  return {
    statusCode: 201,
    headers: {
      location: `/v2/${repository.name}/manifests/${digest}`,
      'docker-content-digest': digest,
    },
  };
}

function parse(content: Buffer) {
  try {
    const { config, ...rest } = manifestSchema.parse(JSON.parse(content.toString('utf8')));
    return { ...rest, config: config === undefined ? undefined : [config] };
  } catch {
    throw new RegistryError(400, 'MANIFEST_INVALID', 'The manifest cannot be read.');
  }
}
