/** The S3 service: takes a request off the wire, checks who signed it, performs it, answers. */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

import type { Fault, OperationFaults } from '../faults';
import { verifySignature, type SignatureVerdict, type SigningSecret } from '../sigv4';
import { S3Error, s3Error } from './errors';
import type { S3World } from './operation';
import { checkOldLink, isOldLink } from './presigned-v2';
import { discardReply, errorReply, sendReply, type Reply } from './reply';
import { parseS3Request, type S3Upload } from './request';
import { performOperation, pickOperation } from './router';
import { ObjectStore } from './store';

export interface S3ServiceOptions {
  /** A folder of its own; only one process may use it at a time. */
  readonly stateDir: string;
  readonly region: string;
  readonly faults: OperationFaults;
  /** The secret of an access key id, or `undefined` for an unknown one. */
  readonly lookUp: (accessKeyId: string) => SigningSecret | undefined;
}

export interface S3Service {
  /** Answers one request. Never rejects: what goes wrong is answered, or ends the connection. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Creates a bucket unless it exists, as a start-up step. */
  ensureBucket(name: string): Promise<void>;
}

/** Opens the state folder (synchronously, once) and returns the service over it. */
export function createS3Service(options: S3ServiceOptions): S3Service {
  const world: S3World = { store: new ObjectStore(options.stateDir), region: options.region };
  return {
    handle: (request, response) => answer(options, world, request, response),
    ensureBucket: (name) => world.store.create(name),
  };
}

/** What to send, or that the connection is to be cut instead. */
interface Answer {
  readonly reply: Reply;
  readonly isLost: boolean;
}

async function answer(
  options: S3ServiceOptions,
  world: S3World,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const requestId = randomUUID().replaceAll('-', '').slice(0, 16).toUpperCase();
  try {
    const { reply, isLost } = await decideAnswer(options, world, request, requestId);
    if (isLost) {
      await discardReply(reply);
      request.socket.destroy();
    } else {
      await sendReply(response, reply, requestId);
    }
  } catch {
    // The client went away, or the disk failed in the middle of a reply: no status can be sent now.
    request.socket.destroy();
  }
}

async function decideAnswer(
  options: S3ServiceOptions,
  world: S3World,
  request: IncomingMessage,
  requestId: string,
): Promise<Answer> {
  let isLost = false;
  try {
    const upload = authenticate(options, request);
    const parsed = parseS3Request(request);
    const operation = pickOperation(parsed);
    const fault = options.faults.next('s3', operation.name);
    if (fault !== null && fault.kind !== 'lost-reply') throw faultError(fault);
    isLost = fault !== null;
    return { reply: await performOperation(operation, world, parsed, upload), isLost };
  } catch (error) {
    const known = error instanceof S3Error ? error : internalError(error);
    return { reply: errorReply(known, request.url ?? '/', requestId), isLost };
  }
}

function authenticate(options: S3ServiceOptions, request: IncomingMessage): S3Upload {
  const { method = 'GET', url = '/', headers } = request;
  if (isOldLink(url)) {
    checkOldLink({ method, url, headers }, options.lookUp, new Date());
    return { stream: request, payload: { kind: 'unsigned' } };
  }
  if (headers.authorization?.startsWith('AWS ') === true) {
    throw s3Error('InvalidRequest', {
      message:
        'The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.',
    });
  }
  const verdict = verifySignature({ method, url, headers, body: null }, options.lookUp, new Date());
  if (verdict.kind === 'error') throw signatureError(verdict, url);
  return { stream: request, payload: verdict.payload };
}

/** Puts the verdict in S3's words. */
function signatureError(
  { code, message }: Extract<SignatureVerdict, { kind: 'error' }>,
  url: string,
): S3Error {
  switch (code) {
    case 'MissingAuthenticationToken':
      return s3Error('AccessDenied');
    case 'IncompleteSignature':
      return s3Error(
        url.includes('X-Amz-Algorithm')
          ? 'AuthorizationQueryParametersError'
          : 'AuthorizationHeaderMalformed',
        { message },
      );
    case 'RequestExpired':
    case 'HeadersNotSigned':
      return s3Error('AccessDenied', { message });
    case 'MissingContentSha256':
      return s3Error('InvalidRequest', { message });
    case 'PayloadHashMismatch':
      return s3Error('XAmzContentSHA256Mismatch');
    case 'InvalidAccessKeyId':
    case 'InvalidToken':
    case 'ExpiredToken':
    case 'SignatureDoesNotMatch':
    case 'RequestTimeTooSkewed':
      return s3Error(code, { message });
  }
}

function faultError(fault: Exclude<Fault, { kind: 'lost-reply' }>): S3Error {
  return fault.kind === 'throttle'
    ? s3Error('SlowDown')
    : new S3Error(fault.code, fault.status, 'An error planted with the admin API.');
}

function internalError(error: unknown): S3Error {
  const message = error instanceof Error ? error.message : String(error);
  return s3Error('InternalError', { message: `The local cloud failed: ${message}` });
}
