import type { MachineUsage } from '../domain/machine-usage';
import { Failure } from '../domain/failure';
import type { InstanceGone } from '../domain/instance';
import type { Cloud } from './connect-cloud';
import { commandLimits } from './limits';
import { runVerb } from './run-verb';
import { askScript } from './supervisor-script';

type UsageReply =
  | { readonly kind: 'usage'; readonly usage: MachineUsage }
  | { readonly kind: 'instance-gone'; readonly gone: InstanceGone }
  /** There is no supervisor on it, or one that is too old to tell. */
  | { readonly kind: 'not-told'; readonly code: string; readonly message: string };

/**
 * Asks the supervisor of an instance what the training and the machine use. Reads only; does not renew the lease.
 *
 * @throws instance-not-ready  SSM does not reach the instance although EC2 says that it runs.
 * @throws aws-unavailable  The answer was cut or is not there.
 */
export async function readUsage(
  cloud: Cloud,
  instanceId: string,
  options: { readonly isDetailed: boolean },
): Promise<UsageReply> {
  const script = askScript('processes', { detailed: options.isDetailed });
  const answer = await runVerb(cloud, instanceId, script, {
    executionSeconds: commandLimits.usageExecutionSeconds,
    comment: `runctl processes ${script.nonce}`,
  });
  switch (answer.kind) {
    case 'instance-gone':
      return answer;
    case 'garbled':
      throw new Failure('aws-unavailable', answer.message);
    case 'refused':
      return { kind: 'not-told', code: answer.code, message: answer.message };
    case 'answered': {
      const { usage } = answer.reply;
      if (usage !== undefined) return { kind: 'usage', usage };
      throw new Failure('aws-unavailable', 'The supervisor answered without what was asked.');
    }
  }
}
