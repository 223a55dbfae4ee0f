import { randomUUID } from 'node:crypto';
import type { World } from '../world/world';
import { authenticate, type IncomingCall } from './authenticate';
import { AwsError } from './aws-error';
import { readAwsJson, writeAwsJson, writeAwsJsonError } from './aws-json';
import { faultReply } from './fault-reply';
import { findOperation } from './operations';
import type { ServiceReply } from './reply';

/** A service that speaks JSON 1.1. */
export interface JsonService<Context> {
  readonly name: 'ssm' | 'pricing';
  /** What `X-Amz-Target` says before the dot. */
  readonly target: string;
  /** The exports of its SDK client, which hold the schemas. */
  readonly sdk: object;
  readonly handlers: ReadonlyMap<string, (context: Context, input: object) => object>;
}

const CONTENT_TYPE = 'application/x-amz-json-1.1';

/** Answers one request; every outcome is a reply. */
export function answerJson<Context extends { readonly world: World }>(
  service: JsonService<Context>,
  context: Context,
  call: IncomingCall,
): ServiceReply {
  const reply = { contentType: CONTENT_TYPE, requestId: randomUUID() };
  try {
    const { body, isLost } = perform(service, context, call);
    return { ...reply, statusCode: 200, body, isLost };
  } catch (error) {
    const known = error instanceof AwsError ? error : internalError(service.name, error);
    return {
      ...reply,
      statusCode: known.statusCode,
      body: writeAwsJsonError(known),
      isLost: false,
    };
  }
}

function perform<Context extends { readonly world: World }>(
  { name, target, sdk, handlers }: JsonService<Context>,
  context: Context,
  call: IncomingCall,
): { body: string; isLost: boolean } {
  authenticate(context.world, call, name);
  const header = call.headers['x-amz-target'];
  const [prefix, operation = ''] = typeof header === 'string' ? header.split('.') : [];
  const shape = prefix === target ? findOperation(sdk, operation) : undefined;
  const handler = handlers.get(operation);
  if (shape === undefined || handler === undefined) {
    throw new AwsError('UnknownOperationException', '');
  }
  const fault = context.world.faults.next(name, operation);
  if (fault !== null && fault.kind !== 'lost-reply') throw faultReply(name, fault);
  const output = handler(context, readAwsJson(call.body, shape.input));
  return { body: writeAwsJson(output, shape.output), isLost: fault !== null };
}

function internalError(name: string, error: unknown): AwsError {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `${name} failed: ${error instanceof Error ? (error.stack ?? message) : message}\n`,
  );
  return new AwsError('InternalServerError', `The local cloud failed: ${message}`, 500);
}
