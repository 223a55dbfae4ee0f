import { createHmac, timingSafeEqual } from 'node:crypto';

const TTL_LIMIT_SECONDS = 21_600;

/** Reads the lifetime that a client asks for; null where EC2 answers 400. */
export function readTokenTtl(header: string | string[] | undefined): number | null {
  if (typeof header !== 'string' || !/^\d{1,5}$/.test(header)) return null;
  const seconds = Number(header);
  return seconds >= 1 && seconds <= TTL_LIMIT_SECONDS ? seconds : null;
}

/** A session token: its end, signed, so that tokens outlive a restart of the server without being kept. */
export function makeToken(secret: string, instanceId: string, expiresAtMs: number): string {
  const end = String(expiresAtMs);
  return Buffer.from(`${end}.${sign(secret, instanceId, end)}`).toString('base64url');
}

export function isValidToken(
  secret: string,
  instanceId: string,
  token: string | string[] | undefined,
  nowMs: number,
): boolean {
  if (typeof token !== 'string') return false;
  const [end = '', signature = ''] = Buffer.from(token, 'base64url').toString().split('.');
  const expected = Buffer.from(sign(secret, instanceId, end));
  const given = Buffer.from(signature);
  return (
    expected.length === given.length && timingSafeEqual(expected, given) && Number(end) > nowMs
  );
}

function sign(secret: string, instanceId: string, end: string): string {
  return createHmac('sha256', secret).update(`imds/${instanceId}/${end}`).digest('hex');
}
