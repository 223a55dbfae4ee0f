import { Failure } from '../domain/failure';
import type { Cloud } from './connect-cloud';
import { commandLimits } from './limits';
import { runVerb } from './run-verb';
import { createStatusReader, type StatusReply } from './status-reader';
import { askScript } from './supervisor-script';

/** What an instance says of its training, asked by somebody who does not guard it: its lease is not renewed. */
export function readTraining(cloud: Cloud, instanceId: string): Promise<StatusReply> {
  return createStatusReader(cloud.clients, commandLimits.statusWaitMs, false).read(instanceId);
}

/** One attempt's training, as the instance names it. */
interface TrainingRef {
  readonly runId: string;
  readonly attemptNumber: number;
}

/**
 * Ends a training whose control plane is out of reach: saves it first unless `force` is set, and cleans up. If that
 * control plane lives, it sees a run that was stopped as asked. Already gone is success.
 *
 * @throws aws-unavailable  The supervisor's answer made no sense, or it could not end the training.
 */
export async function endTraining(
  cloud: Cloud,
  instanceId: string,
  { runId, attemptNumber }: TrainingRef,
  options: { readonly force: boolean; readonly saveTimeoutSeconds: number },
): Promise<void> {
  const ref = { runId, attemptNumber };
  const { force, saveTimeoutSeconds } = options;
  const stop = force
    ? askScript('stop', ref)
    : askScript('save-and-stop', {
        ...ref,
        cause: 'stop',
        timeoutSeconds: saveTimeoutSeconds,
      });
  const seconds = saveTimeoutSeconds + commandLimits.publishSeconds;
  for (const script of [stop, askScript('clean-up', ref)]) {
    const reply = await runVerb(cloud, instanceId, script, {
      executionSeconds: seconds,
      comment: `runctl ends ${runId} #${attemptNumber}`,
    });
    if (reply.kind === 'instance-gone') return;
    if (reply.kind === 'answered') continue;
    if (reply.kind === 'refused' && reply.code === 'not-this-attempt') return;
    throw new Failure('aws-unavailable', `The training on ${instanceId} was not ended.`, {
      why: reply.kind === 'refused' ? `${reply.code}: ${reply.message}` : reply.message,
    });
  }
}
