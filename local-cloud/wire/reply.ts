/** What a service answers, before it is put on the wire. */
export interface ServiceReply {
  readonly statusCode: number;
  readonly contentType: string;
  readonly body: string;
  readonly requestId: string;
  /** The connection is to be cut instead of answering. */
  readonly isLost: boolean;
}
