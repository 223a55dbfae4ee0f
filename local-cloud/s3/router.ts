/** Finds the operation that a request is for. */
import { bucketOperations } from './bucket-operations';
import { copyOperations } from './copy-operation';
import { deleteOperations } from './delete-operation';
import { s3Error, type S3Error } from './errors';
import { listOperations } from './list-operations';
import { completeOperations } from './multipart-complete';
import { multipartListOperations } from './multipart-list';
import { multipartOperations } from './multipart-operations';
import { objectReadOperations } from './object-read-operations';
import { objectWriteOperations } from './object-write-operations';
import type { Operation, S3World } from './operation';
import type { Reply } from './reply';
import type { S3Request, S3Upload } from './request';

const OPERATIONS: readonly Operation[] = [
  ...bucketOperations,
  ...listOperations,
  ...objectReadOperations,
  ...objectWriteOperations,
  ...copyOperations,
  ...deleteOperations,
  ...multipartOperations,
  ...completeOperations,
  ...multipartListOperations,
];

/**
 * Picks by method, target and selecting parameters; the most selective operation wins.
 * @throws MethodNotAllowed, and NotImplemented for a parameter that the operation does not know:
 * a sub-resource taken for a plain read or write would do harm silently.
 */
export function pickOperation(request: S3Request): Operation {
  const candidates = OPERATIONS.filter(
    (operation) => operation.method === request.method && operation.target === request.target.kind,
  );
  if (candidates.length === 0) {
    throw s3Error('MethodNotAllowed', { details: { Method: request.method } });
  }
  const [operation] = candidates
    .filter((candidate) => isSelected(candidate, request))
    .sort((a, b) => selectivity(b) - selectivity(a));
  if (operation === undefined) throw notRouted(request, [...request.query.keys()]);
  const known = new Set([...(operation.selectors ?? []), ...(operation.parameters ?? [])]);
  const unknown = [...request.query.keys()].filter((name) => !known.has(name));
  if (unknown.length > 0) throw notRouted(request, unknown);
  return operation;
}

/** Performs a picked operation on the target it was picked for. */
export async function performOperation(
  operation: Operation,
  world: S3World,
  request: S3Request,
  upload: S3Upload,
): Promise<Reply> {
  const { target } = request;
  if (operation.target === 'service' && target.kind === 'service') {
    return operation.perform(world, { request, target, upload });
  }
  if (operation.target === 'bucket' && target.kind === 'bucket') {
    return operation.perform(world, { request, target, upload });
  }
  if (operation.target === 'object' && target.kind === 'object') {
    return operation.perform(world, { request, target, upload });
  }
  throw new Error(`${operation.name} was picked for a ${target.kind}`);
}

function isSelected(operation: Operation, request: S3Request): boolean {
  return (
    (operation.selectors ?? []).every((name) => request.query.has(name)) &&
    (operation.selectingHeader === undefined || request.headers.has(operation.selectingHeader))
  );
}

function selectivity(operation: Operation): number {
  return (operation.selectors?.length ?? 0) + (operation.selectingHeader === undefined ? 0 : 1);
}

function notRouted(request: S3Request, parameters: readonly string[]): S3Error {
  if (parameters.length === 0) {
    return s3Error('MethodNotAllowed', { details: { Method: request.method } });
  }
  return s3Error('NotImplemented', {
    message: `The local cloud does not implement ${request.method} with ?${parameters.join('&')}.`,
  });
}
