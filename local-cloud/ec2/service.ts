import { randomUUID } from 'node:crypto';
import * as sdk from '@aws-sdk/client-ec2';
import { AwsError } from '../wire/aws-error';
import { readEc2Query, writeEc2Error, writeEc2Response } from '../wire/ec2-query';
import { findOperation } from '../wire/operations';
import { authenticate, type IncomingCall } from '../wire/authenticate';
import { faultReply } from '../wire/fault-reply';
import type { ServiceReply } from '../wire/reply';
import type { Ec2Context } from './context';
import { ec2Handlers } from './handlers';

const CONTENT_TYPE = 'text/xml;charset=UTF-8';

/** Answers one EC2 request; every outcome is a reply. */
export function answerEc2(context: Ec2Context, call: IncomingCall): ServiceReply {
  const requestId = randomUUID();
  try {
    return perform(context, call, requestId);
  } catch (error) {
    const known = error instanceof AwsError ? error : internalError(error);
    return {
      statusCode: known.statusCode,
      contentType: CONTENT_TYPE,
      body: writeEc2Error(known, requestId),
      requestId,
      isLost: false,
    };
  }
}

function perform(context: Ec2Context, call: IncomingCall, requestId: string): ServiceReply {
  authenticate(context.world, call, 'ec2');
  const form = new URLSearchParams(
    call.method === 'POST' ? call.body.toString('utf8') : (call.url.split('?')[1] ?? ''),
  );
  const action = form.get('Action') ?? '';
  const shape = findOperation(sdk, action);
  const handler = ec2Handlers.get(action);
  if (shape === undefined || handler === undefined) {
    throw new AwsError('InvalidAction', `The action ${action} is not valid for this web service.`);
  }
  const fault = context.world.faults.next('ec2', action);
  if (fault !== null && fault.kind !== 'lost-reply') throw faultReply('ec2', fault);
  const input = readEc2Query(form, shape.input);
  context.lifecycle.look();
  const output = handler(context, input);
  return {
    statusCode: 200,
    contentType: CONTENT_TYPE,
    body: writeEc2Response(action, requestId, output, shape.output),
    requestId,
    isLost: fault !== null,
  };
}

function internalError(error: unknown): AwsError {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(
    `EC2 failed: ${error instanceof Error ? (error.stack ?? message) : message}\n`,
  );
  return new AwsError('InternalError', `The local cloud failed: ${message}`, 500);
}
