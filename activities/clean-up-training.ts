import { askScript } from '../aws/supervisor-script';
import { askSupervisor, refOf, unexpectedRefusal } from './ask-supervisor';
import type { CleanUpReply, OnInstance } from './contract';
import type { ActivityDependencies } from './dependencies';
import { activityLimits } from './limits';

/** @see ControlActivities.cleanUpTraining */
export async function cleanUpTraining(
  dependencies: Pick<ActivityDependencies, 'cloud'>,
  input: OnInstance,
): Promise<CleanUpReply> {
  const answer = await askSupervisor(dependencies, input, {
    script: askScript('clean-up', refOf(input)),
    executionSeconds: activityLimits.cleanUpExecutionSeconds,
    what: 'clean-up',
  });
  switch (answer.kind) {
    case 'instance-gone':
      return { removed: [] };
    case 'refused':
      // Without Python nothing was ever started there.
      if (['not-this-attempt', 'no-supervisor', 'no-python'].includes(answer.code)) {
        return { removed: [] };
      }
      throw unexpectedRefusal('clean up', answer);
    case 'answered':
      return { removed: answer.reply.removed ?? [] };
  }
}
