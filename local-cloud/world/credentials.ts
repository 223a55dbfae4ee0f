import type { SigningSecret } from '../sigv4';
import { newKeyText, newSecret } from './ids';
import type { InstanceRecord, TemporaryCredentials } from './records';
import type { Collection } from './collection';

export interface RootCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export function newRootCredentials(): RootCredentials {
  return { accessKeyId: `AKIA${newKeyText(16)}`, secretAccessKey: newSecret() };
}

// Real role credentials last about six hours, and new ones are there well before the old ones end.
const LIFETIME_MS = 6 * 3_600_000;
const RENEW_BEFORE_MS = 3_600_000;

/**
 * The instance's role credentials, the newest last. New ones are added when the present ones come to their end; those
 * stay valid for as long as they said.
 */
export function renewCredentials(
  instance: InstanceRecord,
  now: Date,
): readonly TemporaryCredentials[] {
  const valid = instance.credentials.filter(({ expiresAt }) => Date.parse(expiresAt) > +now);
  const newest = valid.at(-1);
  if (newest !== undefined && Date.parse(newest.expiresAt) - +now > RENEW_BEFORE_MS) return valid;
  return [
    ...valid,
    {
      accessKeyId: `ASIA${newKeyText(16)}`,
      secretAccessKey: newSecret(),
      sessionToken: Buffer.from(`local/${instance.instanceId}/${newSecret()}`).toString('base64'),
      issuedAt: now.toISOString(),
      expiresAt: new Date(+now + LIFETIME_MS).toISOString(),
    },
  ];
}

/** Finds the secret of an access key: the root's, or an instance's, which has none any more once it is terminated. */
export function lookUpSecret(
  root: RootCredentials,
  instances: Collection<InstanceRecord>,
  accessKeyId: string,
): SigningSecret | undefined {
  if (accessKeyId === root.accessKeyId) return { secretAccessKey: root.secretAccessKey };
  for (const instance of instances.all()) {
    const found = instance.credentials.find((one) => one.accessKeyId === accessKeyId);
    if (found === undefined) continue;
    return {
      secretAccessKey: found.secretAccessKey,
      sessionToken: found.sessionToken,
      expiresAt: new Date(found.expiresAt),
    };
  }
  return undefined;
}
