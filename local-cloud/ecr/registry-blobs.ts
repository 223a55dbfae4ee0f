import { createWriteStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import {
  notSupported,
  RegistryError,
  type RegistryCall,
  type RegistryReply,
} from './registry-call';
import { isDigest } from './store';

/**
 * `/v2/NAME/blobs/DIGEST`: HEAD and GET, with the one kind of range that a broken download asks for.
 *
 * @throws RegistryError BLOB_UNKNOWN.
 */
export function answerBlob(call: RegistryCall): RegistryReply {
  const { images, repository, reference, method, request } = call;
  if (method !== 'GET' && method !== 'HEAD') throw notSupported();
  const path = images.blob(repository.name, reference);
  if (path === null) throw new RegistryError(404, 'BLOB_UNKNOWN', `There is no blob ${reference}.`);
  const sizeBytes = statSync(path).size;
  const [, from] = /^bytes=(\d+)-$/.exec(request.headers.range ?? '') ?? [];
  const firstByte = Number(from ?? 0);
  if (firstByte > 0 && firstByte >= sizeBytes) {
    throw new RegistryError(416, 'RANGE_INVALID', `The blob has ${sizeBytes} bytes.`);
  }
  const range =
    from === undefined
      ? {}
      : { 'content-range': `bytes ${firstByte}-${sizeBytes - 1}/${sizeBytes}` };
  return {
    statusCode: from === undefined ? 200 : 206,
    headers: {
      'content-type': 'application/octet-stream',
      'content-length': String(sizeBytes - firstByte),
      'docker-content-digest': reference,
      'accept-ranges': 'bytes',
      ...range,
    },
    ...(method === 'GET' ? { file: { path, firstByte } } : {}),
  };
}

/**
 * `/v2/NAME/blobs/uploads/`: begins an upload, or takes a blob over from another repository; and what follows on
 * `/v2/NAME/blobs/uploads/ID`: pieces (PATCH), the end (PUT with a digest), a look (GET), giving up (DELETE).
 *
 * @throws RegistryError BLOB_UPLOAD_UNKNOWN, DIGEST_INVALID, RANGE_INVALID.
 */
export async function answerUpload(call: RegistryCall): Promise<RegistryReply> {
  if (call.reference === '') return begin(call);
  const { images, reference, method } = call;
  if (images.upload(reference) === null) throw unknownUpload(reference);
  switch (method) {
    case 'PATCH':
      await append(call, reference);
      return progress(call, reference, 202);
    case 'PUT':
      await append(call, reference);
      return finish(call, reference);
    case 'GET':
      return progress(call, reference, 204);
    case 'DELETE':
      images.dropUpload(reference);
      return { statusCode: 204 };
    default:
      throw notSupported();
  }
}

async function begin(call: RegistryCall): Promise<RegistryReply> {
  const { images, repository, query, method } = call;
  if (method !== 'POST') throw notSupported();
  const [mount, from] = [query.get('mount'), query.get('from')];
  if (mount !== null && from !== null && images.mountBlob(repository.name, from, mount)) {
    return created(call, mount);
  }
  const id = images.beginUpload();
  if (!query.has('digest')) return progress(call, id, 202);
  await append(call, id);
  return finish(call, id);
}

async function append({ images, request }: RegistryCall, id: string): Promise<void> {
  const upload = images.upload(id);
  if (upload === null) throw unknownUpload(id);
  const [, from] = /^(?:bytes )?(\d+)-\d+/.exec(request.headers['content-range'] ?? '') ?? [];
  if (from !== undefined && Number(from) !== upload.sizeBytes) {
    throw new RegistryError(416, 'RANGE_INVALID', `The next byte is ${upload.sizeBytes}.`);
  }
  await pipeline(request, createWriteStream(upload.path, { flags: 'a' }));
}

async function finish(call: RegistryCall, id: string): Promise<RegistryReply> {
  const digest = call.query.get('digest') ?? '';
  if (!isDigest(digest) || !(await call.images.finishUpload(id, call.repository.name, digest))) {
    throw new RegistryError(400, 'DIGEST_INVALID', `What was uploaded is not ${digest}.`);
  }
  return created(call, digest);
}

function progress({ images, repository }: RegistryCall, id: string, statusCode: number) {
  const sizeBytes = images.upload(id)?.sizeBytes ?? 0;
  return {
    statusCode,
    headers: {
      location: `/v2/${repository.name}/blobs/uploads/${id}`,
      'docker-upload-uuid': id,
      range: `0-${Math.max(0, sizeBytes - 1)}`,
    },
  };
}

const created = ({ repository }: RegistryCall, digest: string): RegistryReply => ({
  statusCode: 201,
  headers: {
    location: `/v2/${repository.name}/blobs/${digest}`,
    'docker-content-digest': digest,
  },
});

const unknownUpload = (id: string): RegistryError =>
  new RegistryError(404, 'BLOB_UPLOAD_UNKNOWN', `There is no upload ${id}.`);
