import { randomUUID } from 'node:crypto';
import type { Lifecycle } from '../world/lifecycle';
import type { World } from '../world/world';
import { authenticate, type IncomingCall } from './authenticate';
import { AwsError } from './aws-error';
import { readAwsJson, writeAwsJson, writeAwsJsonError } from './aws-json';
import { faultReply } from './fault-reply';
import { findOperation } from './operations';
import type { ServiceReply } from './reply';

const CONTENT_TYPE = 'application/x-amz-json-1.1';

/** A service that speaks JSON 1.1: the operation stands in `X-Amz-Target` behind the service's own name. */
export interface JsonService<Context> {
  readonly name: 'ssm' | 'ecr' | 'pricing';
  readonly targetPrefix: string;
  /** The SDK's client package, for its schemas. */
  readonly sdk: object;
  readonly handlers: ReadonlyMap<string, (context: Context, input: object) => object>;
  /** What the service says of a failure of its own. */
  readonly internalErrorCode: string;
}

/** What the operations of every service work with. */
export interface ServiceContext {
  readonly world: World;
  readonly lifecycle: Lifecycle;
}

/** Answers one request; every outcome is a reply. */
export function answerJson<Context extends ServiceContext>(
  service: JsonService<Context>,
  context: Context,
  call: IncomingCall,
): ServiceReply {
  const reply = { contentType: CONTENT_TYPE, requestId: randomUUID() };
  try {
    const { body, isLost } = perform(service, context, call);
    return { ...reply, statusCode: 200, body, isLost };
  } catch (error) {
    const known = error instanceof AwsError ? error : internalError(service, error);
    return {
      ...reply,
      statusCode: known.statusCode,
      body: writeAwsJsonError(known),
      isLost: false,
    };
  }
}

function perform<Context extends ServiceContext>(
  service: JsonService<Context>,
  context: Context,
  call: IncomingCall,
): { body: string; isLost: boolean } {
  authenticate(context.world, call, service.name);
  const target = call.headers['x-amz-target'];
  const [prefix, name = ''] = typeof target === 'string' ? target.split('.') : [];
  const shape = prefix === service.targetPrefix ? findOperation(service.sdk, name) : undefined;
  const handler = service.handlers.get(name);
  if (shape === undefined || handler === undefined) {
    throw new AwsError('UnknownOperationException', '');
  }
  const fault = context.world.faults.next(service.name, name);
  if (fault !== null && fault.kind !== 'lost-reply') throw faultReply(service.name, fault);
  const input = readAwsJson(call.body, shape.input);
  context.lifecycle.look();
  const output = handler(context, input);
  return { body: writeAwsJson(output, shape.output), isLost: fault !== null };
}

function internalError({ name, internalErrorCode }: JsonService<never>, error: unknown): AwsError {
  const message = error instanceof Error ? error.message : String(error);
  const said = error instanceof Error ? (error.stack ?? message) : message;
  process.stderr.write(`${name.toUpperCase()} failed: ${said}\n`);
  return new AwsError(internalErrorCode, `The local cloud failed: ${message}`, 500);
}
