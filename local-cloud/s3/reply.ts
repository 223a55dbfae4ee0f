/** What an operation answers, apart from writing it to the wire. */
import type { FileHandle } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';

import type { S3Error } from './errors';
import { writeXml, type XmlElement } from './xml';

export interface Reply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ReplyBody;
}

/** A `file` body owns its open file: whoever gets the reply must send or discard it. */
type ReplyBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'xml'; readonly text: string }
  | {
      readonly kind: 'file';
      readonly file: FileHandle;
      readonly firstByte: number;
      readonly countBytes: number;
    };

/** A reply without a body. */
export function emptyReply(
  statusCode: number,
  headers: Readonly<Record<string, string>> = {},
): Reply {
  return { statusCode, headers, body: { kind: 'none' } };
}

/** A reply with an XML document. */
export function xmlReply(root: XmlElement, headers: Readonly<Record<string, string>> = {}): Reply {
  const text = writeXml(root, 'with-namespace');
  return { statusCode: 200, headers, body: { kind: 'xml', text } };
}

/** The error document, as every S3 client knows it. */
export function errorReply(error: S3Error, resource: string, requestId: string): Reply {
  const root: XmlElement = [
    'Error',
    [
      ['Code', error.code],
      ['Message', error.message],
      ...Object.entries(error.details),
      ['Resource', resource],
      ['RequestId', requestId],
      ['HostId', requestId],
    ],
  ];
  const body = { kind: 'xml', text: writeXml(root, 'bare') } as const;
  return { statusCode: error.statusCode, headers: {}, body };
}

/** Sends a reply; a HEAD request and a 304 get headers only. Ends when all bytes are written. */
export async function sendReply(
  response: ServerResponse,
  reply: Reply,
  requestId: string,
): Promise<void> {
  const { body } = reply;
  response.statusCode = reply.statusCode;
  response.setHeader('server', 'AmazonS3');
  response.setHeader('x-amz-request-id', requestId);
  response.setHeader('x-amz-id-2', requestId);
  for (const [name, value] of Object.entries(reply.headers)) response.setHeader(name, value);
  switch (body.kind) {
    case 'none':
      // A HEAD reply states the object's length itself; elsewhere nothing means zero.
      if (
        reply.statusCode !== 204 &&
        reply.statusCode !== 304 &&
        !response.hasHeader('content-length')
      ) {
        response.setHeader('content-length', 0);
      }
      response.end();
      return;
    case 'xml':
      response.setHeader('content-type', 'application/xml');
      response.setHeader('content-length', Buffer.byteLength(body.text));
      response.end(response.req.method === 'HEAD' ? undefined : body.text);
      return;
    case 'file':
      response.setHeader('content-length', body.countBytes);
      await sendFile(response, body);
      return;
  }
}

async function sendFile(
  response: ServerResponse,
  body: Extract<ReplyBody, { kind: 'file' }>,
): Promise<void> {
  if (body.countBytes === 0) {
    await body.file.close();
    response.end();
    return;
  }
  const { file, firstByte, countBytes } = body;
  const lastByte = firstByte + countBytes - 1;
  // The stream closes the file, also when the client goes away.
  await pipeline(file.createReadStream({ start: firstByte, end: lastByte }), response);
}

/** Closes what a reply holds when it will not be sent. */
export async function discardReply(reply: Reply): Promise<void> {
  if (reply.body.kind === 'file') await reply.body.file.close();
}
