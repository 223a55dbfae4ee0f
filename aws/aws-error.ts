import { Failure } from '../domain/failure';
import { findErrorRow } from './error-table';

/** What an exception of the SDK says, read once. */
export interface AwsError {
  /** EC2's, SSM's or S3's own code, or Node's for a socket error. */
  readonly code: string;
  readonly message: string;
  /** Null when no answer came. */
  readonly httpStatus: number | null;
}

/** Reads an exception that an SDK call threw; null when it is not one (a bug of ours, a cancellation). */
export function readAwsError(error: unknown): AwsError | null {
  if (!(error instanceof Error) || error instanceof Failure || error.name === 'AbortError') {
    return null;
  }
  const metadata = readMetadata(error);
  const code = readCode(error, metadata !== null);
  if (metadata === null && findErrorRow(code) === null) return null;
  return { code, message: error.message, httpStatus: metadata?.httpStatus ?? null };
}

/** Whether the call may have taken effect although it failed: no answer, or an error of the server's own. */
export function isAmbiguous(error: AwsError): boolean {
  const row = findErrorRow(error.code);
  if (row !== null) return row.class === 'retry';
  return error.httpStatus === null || error.httpStatus >= 500;
}

/** Whether the code is one of these; reads nothing but the code. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  const read = readAwsError(error);
  return read !== null && codes.includes(read.code);
}

/** Explains an SDK exception in our words; null when it is none of the SDK's. */
export function failureFromAwsError(error: unknown): Failure | null {
  const read = readAwsError(error);
  if (read === null) return null;
  const row = findErrorRow(read.code);
  const why = `AWS answered ${read.code}${read.httpStatus === null ? '' : ` (HTTP ${read.httpStatus})`}.`;
  if (row !== null) return new Failure(row.failure, sentence(read), { why, cause: error });
  // HEAD has no body, so S3 can only say the status.
  if (read.httpStatus === 403)
    return new Failure('not-authorized', 'AWS refused these credentials, or what they ask for.', {
      why: 'AWS answered HTTP 403 without a reason.',
      next: '`aws sts get-caller-identity` checks the credentials; docs/iam holds complete policies.',
      cause: error,
    });
  // What nobody classified is repeated: giving up on a run needs a known reason.
  return new Failure('aws-unavailable', sentence(read), { why, cause: error });
}

const sentence = (error: AwsError): string =>
  error.message === '' || error.message === 'UnknownError'
    ? `AWS refused: ${error.code}`
    : error.message;

/** The SDK adds `$metadata` to every exception of a call, also when no answer came; null for any other exception. */
function readMetadata(error: Error): { readonly httpStatus: number | null } | null {
  const metadata: unknown = Reflect.get(error, '$metadata');
  if (typeof metadata !== 'object' || metadata === null) return null;
  const status: unknown = Reflect.get(metadata, 'httpStatusCode');
  return { httpStatus: typeof status === 'number' ? status : null };
}

function readCode(error: Error, isFromSdk: boolean): string {
  const nodeCode: unknown = Reflect.get(error, 'code');
  if (typeof nodeCode === 'string' && findErrorRow(nodeCode) !== null) return nodeCode;
  // A plain Error of the SDK's is one that it could not read: a connection that broke.
  return isFromSdk && error.name === 'Error' ? 'no-answer' : error.name;
}
