import type { IncomingMessage } from 'node:http';

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * Refuses what a web page could make a browser send: a name that was re-bound to loopback, or a request from another
 * origin. `otherNames` are hosts that no page can have. Returns the reason, or null for a request that may pass.
 */
export function refuseStranger(
  request: IncomingMessage,
  otherNames: readonly string[] = [],
): string | null {
  const { host = '', origin } = request.headers;
  const name = host.replace(/:\d+$/, '').toLowerCase();
  if (!LOOPBACK_NAMES.has(name) && !otherNames.includes(name))
    return `The host ${host} is not this machine.`;
  if (origin === undefined) return null;
  try {
    return LOOPBACK_NAMES.has(new URL(origin).hostname) ? null : `The origin ${origin} is foreign.`;
  } catch {
    return `The origin ${origin} is foreign.`;
  }
}

// Larger than any request of EC2 or SSM: 64 KB of document, 16 KB of user data, a thousand ids.
const BODY_LIMIT_BYTES = 2 * 1024 * 1024;

/** Reads a whole body; null when it is larger than EC2, SSM or the admin API would ever send. */
export async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_LIMIT_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
