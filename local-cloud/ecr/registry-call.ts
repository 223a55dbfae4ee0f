import type { IncomingMessage } from 'node:http';
import type { ImageStore, RepositoryRecord } from './store';

/** One request of the registry's own interface, taken apart. */
export interface RegistryCall {
  readonly images: ImageStore;
  readonly repository: RepositoryRecord;
  readonly request: IncomingMessage;
  readonly method: string;
  readonly query: URLSearchParams;
  /** What stands behind the kind in the path: a digest, a tag, or the id of an upload. */
  readonly reference: string;
  readonly now: Date;
}

/** What the registry answers; a `file` is streamed. */
export interface RegistryReply {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
  readonly file?: { readonly path: string; readonly firstByte: number };
}

/**
 * A refusal in the registry's own words.
 *
 * @see https://distribution.github.io/distribution/spec/api/#errors-2
 */
export class RegistryError extends Error {
  constructor(
    readonly statusCode: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

export const notSupported = (): RegistryError =>
  new RegistryError(405, 'UNSUPPORTED', 'The operation is unsupported.');

/** Bytes of a body that is to be small. @throws RegistryError SIZE_INVALID. */
export async function readSmallBody(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes > maxBytes) {
      throw new RegistryError(413, 'SIZE_INVALID', `A manifest has at most ${maxBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
