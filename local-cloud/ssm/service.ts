import * as sdk from '@aws-sdk/client-ssm';
import type { IncomingCall } from '../wire/authenticate';
import { answerJson } from '../wire/json-service';
import type { ServiceReply } from '../wire/reply';
import type { SsmContext } from './context';
import { ssmHandlers } from './handlers';

/** Answers one SSM request; every outcome is a reply. */
export function answerSsm(context: SsmContext, call: IncomingCall): ServiceReply {
  const service = {
    name: 'ssm',
    targetPrefix: 'AmazonSSM',
    sdk,
    handlers: ssmHandlers,
    internalErrorCode: 'InternalServerError',
  } as const;
  return answerJson(service, context, call);
}
