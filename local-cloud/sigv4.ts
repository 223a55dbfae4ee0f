/** Verifies Signature Version 4 for every service: Authorization header or presigned query. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

import { hashCanonicalRequest } from './sigv4-canonical';
import { readSignatureClaim, type SignatureClaim } from './sigv4-credential';
import {
  createChunkVerifier,
  deriveSigningKey,
  scopeText,
  sign,
  signaturesMatch,
  type ChunkVerifier,
} from './sigv4-key';

/** A request as it came in. `body` is `null` when it will be streamed and checked later. */
export interface SignedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer | null;
}

/** The secret half of an access key. `expiresAt` and `sessionToken` for temporary credentials. */
export interface SigningSecret {
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiresAt?: Date;
}

/** What still has to be checked while the body streams in. */
export type PayloadSigning =
  | { readonly kind: 'verified' }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'sha256'; readonly sha256Hex: string }
  | {
      readonly kind: 'chunked';
      readonly hasTrailer: boolean;
      readonly verifier: ChunkVerifier | null;
    };

export type SignatureErrorCode =
  | 'MissingAuthenticationToken'
  | 'IncompleteSignature'
  | 'InvalidAccessKeyId'
  | 'InvalidToken'
  | 'ExpiredToken'
  | 'SignatureDoesNotMatch'
  | 'RequestTimeTooSkewed'
  | 'RequestExpired'
  | 'HeadersNotSigned'
  | 'MissingContentSha256'
  | 'PayloadHashMismatch';

/** Codes are this module's own words where services differ; the caller puts them in its style. */
export type SignatureVerdict =
  | {
      readonly kind: 'ok';
      readonly accessKeyId: string;
      readonly service: string;
      readonly region: string;
      readonly form: SignatureClaim['form'];
      readonly payload: PayloadSigning;
    }
  | {
      readonly kind: 'error';
      readonly code: SignatureErrorCode;
      readonly message: string;
      readonly statusCode: number;
    };

type SignatureError = Extract<SignatureVerdict, { kind: 'error' }>;

/** AWS refuses requests whose clock is further off than this. */
const CLOCK_SKEW_MS = 15 * 60 * 1000;

/**
 * Decides whether a request was signed with a known secret, for any service and region.
 *
 * Payload: with a body at hand its hash is checked here; without, the verdict tells what to check.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
export function verifySignature(
  request: SignedRequest,
  lookUp: (accessKeyId: string) => SigningSecret | undefined,
  now: Date,
): SignatureVerdict {
  const claim = readSignatureClaim(request);
  if (claim === null) {
    return refuse('MissingAuthenticationToken', 403, 'The request is not signed.');
  }
  if (typeof claim === 'string') return refuse('IncompleteSignature', 400, claim);

  const secret = lookUp(claim.accessKeyId);
  const refusal =
    checkSecret(claim, secret, now) ??
    checkTime(claim, now) ??
    checkSignedHeaders(claim, request.headers);
  if (refusal !== null) return refusal;
  if (secret === undefined) throw new Error('an unknown key has been refused above');

  const payloadHash = choosePayloadHash(claim, request.body);
  if (payloadHash === null) {
    return refuse(
      'MissingContentSha256',
      400,
      'Missing required header for this request: x-amz-content-sha256',
    );
  }
  const signingKey = deriveSigningKey(secret.secretAccessKey, claim.scope);
  const canonicalHash = hashCanonicalRequest({
    ...request,
    signedHeaders: claim.signedHeaders,
    payloadHash,
    service: claim.scope.service,
  });
  const stringToSign = ['AWS4-HMAC-SHA256', claim.timestamp, scopeText(claim.scope), canonicalHash];
  if (!signaturesMatch(sign(signingKey, stringToSign.join('\n')), claim.signature)) {
    return refuse(
      'SignatureDoesNotMatch',
      403,
      'The request signature we calculated does not match the signature you provided. ' +
        'Check your key and signing method.',
    );
  }
  return accept(claim, decidePayload(payloadHash, request.body, claim, signingKey));
}

function accept(claim: SignatureClaim, payload: PayloadSigning | null): SignatureVerdict {
  if (payload === null) {
    return refuse(
      'PayloadHashMismatch',
      400,
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  const { accessKeyId, scope, form } = claim;
  return { kind: 'ok', accessKeyId, service: scope.service, region: scope.region, form, payload };
}

function checkSecret(
  claim: SignatureClaim,
  secret: SigningSecret | undefined,
  now: Date,
): SignatureError | null {
  // Temporary credentials without their token are as unknown as a wrong id.
  if (secret === undefined || (secret.sessionToken !== undefined && !claim.sessionToken)) {
    return refuse(
      'InvalidAccessKeyId',
      403,
      'The AWS Access Key Id you provided does not exist in our records.',
    );
  }
  if (!signaturesMatch(secret.sessionToken ?? '', claim.sessionToken ?? '')) {
    return refuse('InvalidToken', 400, 'The provided token is malformed or otherwise invalid.');
  }
  return secret.expiresAt !== undefined && secret.expiresAt <= now
    ? refuse('ExpiredToken', 400, 'The provided token has expired.')
    : null;
}

function checkTime(claim: SignatureClaim, now: Date): SignatureError | null {
  const ageMs = now.getTime() - claim.signedAt.getTime();
  if (claim.form === 'presigned' && ageMs > claim.expiresSeconds * 1000) {
    return refuse('RequestExpired', 403, 'Request has expired');
  }
  const isSkewed =
    claim.form === 'presigned' ? ageMs < -CLOCK_SKEW_MS : Math.abs(ageMs) > CLOCK_SKEW_MS;
  return isSkewed
    ? refuse(
        'RequestTimeTooSkewed',
        403,
        'The difference between the request time and the current time is too large.',
      )
    : null;
}

function checkSignedHeaders(
  claim: SignatureClaim,
  headers: IncomingHttpHeaders,
): SignatureError | null {
  const signed = new Set(claim.signedHeaders);
  const isCovered = (name: string) =>
    signed.has(name) || (claim.form === 'presigned' && name === 'x-amz-content-sha256');
  const isLoose = (name: string) => claim.scope.service === 's3' && name.startsWith('x-amz-');
  const unsigned = Object.keys(headers).filter((name) => isLoose(name) && !isCovered(name));
  if (!signed.has('host')) unsigned.push('host');
  return unsigned.length === 0
    ? null
    : refuse(
        'HeadersNotSigned',
        403,
        `There were headers present in the request which were not signed: ${unsigned.join(', ')}`,
      );
}

/** `null` when S3 would demand the header. */
function choosePayloadHash(claim: SignatureClaim, body: Buffer | null): string | null {
  if (claim.payloadHash !== undefined) return claim.payloadHash;
  if (claim.scope.service === 's3') return claim.form === 'presigned' ? 'UNSIGNED-PAYLOAD' : null;
  return sha256Hex(body ?? Buffer.alloc(0));
}

/** `null` when the body at hand is not the one that was signed. */
function decidePayload(
  payloadHash: string,
  body: Buffer | null,
  claim: SignatureClaim,
  signingKey: Buffer,
): PayloadSigning | null {
  const createVerifier = () =>
    createChunkVerifier({
      signingKey,
      timestamp: claim.timestamp,
      scope: claim.scope,
      seedSignature: claim.signature,
    });
  switch (payloadHash) {
    case 'UNSIGNED-PAYLOAD':
      return { kind: 'unsigned' };
    case 'STREAMING-UNSIGNED-PAYLOAD-TRAILER':
      return { kind: 'chunked', hasTrailer: true, verifier: null };
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD':
      return { kind: 'chunked', hasTrailer: false, verifier: createVerifier() };
    case 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER':
      return { kind: 'chunked', hasTrailer: true, verifier: createVerifier() };
    default:
      if (body === null) return { kind: 'sha256', sha256Hex: payloadHash };
      return signaturesMatch(sha256Hex(body), payloadHash) ? { kind: 'verified' } : null;
  }
}

function sha256Hex(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}

function refuse(code: SignatureErrorCode, statusCode: number, message: string): SignatureError {
  return { kind: 'error', code, message, statusCode };
}
