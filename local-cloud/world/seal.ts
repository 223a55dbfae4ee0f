/** Keeps values unreadable on this machine's disk, as KMS does for SecureString parameters. */
import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Encrypts a text for this world; base64. */
export function seal(text: string, worldSecret: string): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyOf(worldSecret), nonce);
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]).toString('base64');
}

/** The text that was sealed. Throws when it was sealed in another world, or changed since. */
export function unseal(sealed: string, worldSecret: string): string {
  const bytes = Buffer.from(sealed, 'base64');
  const cipher = createDecipheriv(
    'aes-256-gcm',
    keyOf(worldSecret),
    bytes.subarray(0, NONCE_BYTES),
  );
  cipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
  const text = cipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES));
  return Buffer.concat([text, cipher.final()]).toString('utf8');
}

const keyOf = (worldSecret: string): Buffer => createHash('sha256').update(worldSecret).digest();
