import { randomBytes } from 'node:crypto';

/** A resource id as EC2 makes them: `i-0123456789abcdef0`. */
export function newId(prefix: string): string {
  return `${prefix}-0${randomBytes(8).toString('hex')}`;
}

/** A Spot request id is shorter than other ids: `sir-abcd1234`. */
export function newSpotRequestId(): string {
  return `sir-${randomBytes(4).toString('hex')}`;
}

/** `length` characters of the alphabet of access keys. */
export function newKeyText(length: number): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  return [...randomBytes(length)].map((byte) => alphabet.charAt(byte % alphabet.length)).join('');
}

/** A secret of 40 characters. */
export function newSecret(): string {
  return randomBytes(30).toString('base64');
}
