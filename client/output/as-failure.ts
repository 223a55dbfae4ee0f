import { isGrpcServiceError, NamespaceNotFoundError } from '@temporalio/client';
import { CommanderError } from 'commander';
import { Failure } from '../../domain/failure';

/** Turns what can go wrong outside our code, and is expected, into a coded failure; null for a bug. */
export function asFailure(error: unknown): Failure | null {
  if (error instanceof Failure) return asSeenByCaller(error);
  if (error instanceof CommanderError) {
    const [message = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
    return new Failure('invalid-input', message, {
      next: [
        ...rest.filter((line) => line !== ''),
        'Add --help to see what the command takes; arguments of the script go behind `--`.',
      ].join('\n'),
    });
  }
  if (error instanceof NamespaceNotFoundError) {
    return new Failure('temporal-unreachable', `there is no namespace "${error.namespace}".`, {
      why: 'The Temporal server answers, and does not know it.',
      next: 'Correct TEMPORAL_NAMESPACE, or create it: `temporal operator namespace create`.',
      cause: error,
    });
  }
  return asTemporalFailure(error);
}

/** A run repeats its calls by itself; a command that has ended does not. */
function asSeenByCaller(failure: Failure): Failure {
  if (failure.code !== 'aws-unavailable') return failure;
  return new Failure(failure.code, failure.message, {
    why: failure.why,
    next: 'Repeat the command; if that does not help, check the network and AWS_ENDPOINT_URL.',
    cause: failure,
  });
}

/** gRPC's numbers: https://grpc.io/docs/guides/status-codes/ */
const permissionDenied = 7;
const unauthenticated = 16;

function asTemporalFailure(error: unknown): Failure | null {
  const cause = error instanceof Error && isGrpcServiceError(error.cause) ? error.cause : error;
  if (!isGrpcServiceError(cause)) return null;
  const code: number = cause.code;
  const isRefused = code === permissionDenied || code === unauthenticated;
  return isRefused
    ? new Failure('not-authorized', 'the Temporal server refuses this client.', {
        why: cause.details,
        next: 'Check the API key or certificate of the Temporal profile.',
        cause: error,
      })
    : new Failure('temporal-unreachable', 'the Temporal server did not answer as expected.', {
        why: cause.details,
        next: '`runctl doctor` looks whether it is there; repeat the command when it is.',
        cause: error,
      });
}
