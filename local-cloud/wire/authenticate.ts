import type { IncomingHttpHeaders } from 'node:http';
import { verifySignature, type SignatureErrorCode } from '../sigv4';
import { lookUpSecret } from '../world/credentials';
import type { World } from '../world/world';
import { AwsError } from './aws-error';

/** A request to EC2 or a JSON service with its whole body. */
export interface IncomingCall {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/**
 * Refuses a request that is not signed with a key of this cloud, and returns the key of one that is.
 *
 * @throws AwsError in the words of EC2 or of the JSON services.
 * @see https://docs.aws.amazon.com/ec2/latest/devguide/errors-overview.html
 */
export function authenticate(
  world: World,
  call: IncomingCall,
  service: 'ec2' | 'ssm' | 'ecr' | 'pricing',
): string {
  const verdict = verifySignature(
    call,
    (accessKeyId) => lookUpSecret(world.settings.root, world.instances, accessKeyId),
    world.now(),
  );
  if (verdict.kind === 'ok') return verdict.accessKeyId;
  const [ec2Code, jsonCode] = codes[verdict.code];
  const isEc2 = service === 'ec2';
  const statusCode = isEc2 && ec2Code === 'AuthFailure' ? 401 : isEc2 ? verdict.statusCode : 400;
  throw new AwsError(isEc2 ? ec2Code : jsonCode, verdict.message, statusCode);
}

/** EC2's and the JSON services' words for the verdicts. */
const codes: Readonly<Record<SignatureErrorCode, readonly [string, string]>> = {
  MissingAuthenticationToken: ['MissingAuthenticationToken', 'MissingAuthenticationTokenException'],
  IncompleteSignature: ['IncompleteSignature', 'IncompleteSignatureException'],
  InvalidAccessKeyId: ['AuthFailure', 'UnrecognizedClientException'],
  InvalidToken: ['AuthFailure', 'UnrecognizedClientException'],
  ExpiredToken: ['RequestExpired', 'ExpiredTokenException'],
  SignatureDoesNotMatch: ['AuthFailure', 'InvalidSignatureException'],
  RequestTimeTooSkewed: ['RequestExpired', 'InvalidSignatureException'],
  RequestExpired: ['RequestExpired', 'InvalidSignatureException'],
  HeadersNotSigned: ['AuthFailure', 'InvalidSignatureException'],
  MissingContentSha256: ['AuthFailure', 'InvalidSignatureException'],
  PayloadHashMismatch: ['AuthFailure', 'InvalidSignatureException'],
};
