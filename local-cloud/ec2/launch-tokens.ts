import { createHash } from 'node:crypto';
import { AwsError } from '../wire/aws-error';
import type { LaunchTokenRecord } from '../world/records';
import type { World } from '../world/world';

/** The name under which a token is remembered: equal tokens of other operations, zones or regions are others. */
export function tokenKey(operation: string, scope: string, token: string): string {
  return digest(`${operation}\n${scope}\n${token}`);
}

/** Equal for equal parameters; the token and a dry run are no parameters. */
export function fingerprint(request: object): string {
  const parameters = Object.entries(request)
    .filter(([name]) => name !== 'ClientToken' && name !== 'DryRun')
    .sort(([one], [other]) => (one < other ? -1 : 1));
  return digest(JSON.stringify(parameters));
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/**
 * Returns what a token was answered with, or undefined for a new one. A fleet's token is answered again also when its
 * instances are gone; that of RunInstances is burnt then.
 *
 * @throws AwsError IdempotentParameterMismatch, IdempotentInstanceTerminated.
 * @see https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html
 */
export function checkToken(
  world: World,
  key: string,
  requestFingerprint: string,
): LaunchTokenRecord | undefined {
  const known = world.launchTokens.get(key);
  if (known === undefined) return undefined;
  if (known.fingerprint !== requestFingerprint) {
    throw new AwsError(
      'IdempotentParameterMismatch',
      'Arguments on this idempotent request are inconsistent with arguments used in previous request(s).',
    );
  }
  const isOver = known.instanceIds.every((id) => {
    const state = world.instances.get(id)?.state ?? 'terminated';
    return state === 'terminated' || state === 'shutting-down';
  });
  if (known.fleet === undefined && isOver) {
    throw new AwsError(
      'IdempotentInstanceTerminated',
      'The client token is already used by an instance that has been terminated.',
    );
  }
  return known;
}
