import { createHmac, timingSafeEqual } from 'node:crypto';

/** How long a registry's password is good: https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html */
export const TOKEN_LIFETIME_MS = 12 * 3_600_000;

const USER = 'AWS';

/** What `GetAuthorizationToken` gives: a name and a password, which is its own end, signed, so that nothing is kept. */
export function makeRegistryToken(secret: string, expiresAtMs: number): string {
  const end = String(expiresAtMs);
  const password = Buffer.from(`${end}.${sign(secret, end)}`).toString('base64url');
  return Buffer.from(`${USER}:${password}`).toString('base64');
}

/** Whether an `Authorization: Basic …` header holds a token that is good now. */
export function isAuthorized(secret: string, header: string | undefined, nowMs: number): boolean {
  const [, encoded = ''] = /^Basic (\S+)$/i.exec(header ?? '') ?? [];
  const [user, password = ''] = Buffer.from(encoded, 'base64').toString().split(':');
  const [end = '', signature = ''] = Buffer.from(password, 'base64url').toString().split('.');
  const expected = Buffer.from(sign(secret, end));
  const given = Buffer.from(signature);
  const isOurs = expected.length === given.length && timingSafeEqual(expected, given);
  return user === USER && isOurs && Number(end) > nowMs;
}

function sign(secret: string, end: string): string {
  return createHmac('sha256', secret).update(`ecr/${end}`).digest('hex');
}
