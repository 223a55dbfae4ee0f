import { randomUUID } from 'node:crypto';
import * as sdk from '@aws-sdk/client-ssm';
import { authenticate, type IncomingCall } from '../wire/authenticate';
import { AwsError } from '../wire/aws-error';
import { readAwsJson, writeAwsJson, writeAwsJsonError } from '../wire/aws-json';
import { faultReply } from '../wire/fault-reply';
import { findOperation } from '../wire/operations';
import type { ServiceReply } from '../wire/reply';
import type { SsmContext } from './context';
import { ssmHandlers } from './handlers';

const CONTENT_TYPE = 'application/x-amz-json-1.1';

/** Answers one SSM request; every outcome is a reply. */
export function answerSsm(context: SsmContext, call: IncomingCall): ServiceReply {
  const reply = { contentType: CONTENT_TYPE, requestId: randomUUID() };
  try {
    const { body, isLost } = perform(context, call);
    return { ...reply, statusCode: 200, body, isLost };
  } catch (error) {
    const known = error instanceof AwsError ? error : internalError(error);
    return {
      ...reply,
      statusCode: known.statusCode,
      body: writeAwsJsonError(known),
      isLost: false,
    };
  }
}

function perform(context: SsmContext, call: IncomingCall): { body: string; isLost: boolean } {
  authenticate(context.world, call, 'ssm');
  const target = call.headers['x-amz-target'];
  const [service, name = ''] = typeof target === 'string' ? target.split('.') : [];
  const shape = service === 'AmazonSSM' ? findOperation(sdk, name) : undefined;
  const handler = ssmHandlers.get(name);
  if (shape === undefined || handler === undefined) {
    throw new AwsError('UnknownOperationException', '');
  }
  const fault = context.world.faults.next('ssm', name);
  if (fault !== null && fault.kind !== 'lost-reply') throw faultReply('ssm', fault);
  const input = readAwsJson(call.body, shape.input);
  context.lifecycle.look();
  const output = handler(context, input);
  return { body: writeAwsJson(output, shape.output), isLost: fault !== null };
}

function internalError(error: unknown): AwsError {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `SSM failed: ${error instanceof Error ? (error.stack ?? message) : message}\n`,
  );
  return new AwsError('InternalServerError', `The local cloud failed: ${message}`, 500);
}
