import { askScript, type SupervisorScript } from '../aws/supervisor-script';
import { askSupervisor, refOf, unexpectedRefusal } from './ask-supervisor';
import type { SaveInput, SaveReply } from './contract';
import type { ActivityDependencies } from './dependencies';
import { activityLimits } from './limits';

/** @see ControlActivities.saveCheckpoint */
export async function saveCheckpoint(
  dependencies: ActivityDependencies,
  input: SaveInput,
): Promise<SaveReply> {
  const wanted = input.saveTimeoutSeconds + activityLimits.publishExecutionSeconds;
  const answer = await askSupervisor(dependencies, input, {
    script: saveScript(input),
    executionSeconds: Math.min(wanted, activityLimits.maxExecutionSeconds),
    what: input.mode,
  });
  switch (answer.kind) {
    case 'instance-gone':
      return answer;
    case 'refused':
      // Nothing of this attempt is there, so there is nothing to save; the store knows what was published.
      if (answer.code === 'not-this-attempt' || answer.code === 'no-supervisor') return nothingHere;
      throw unexpectedRefusal('save', answer);
    case 'answered': {
      const report = answer.reply.report ?? null;
      return {
        kind: 'saved',
        checkpoint: answer.reply.checkpoint ?? report?.checkpoint ?? null,
        result: report?.result ?? null,
        lastStep: report?.progress?.step ?? null,
      };
    }
  }
}

const nothingHere: SaveReply = { kind: 'saved', checkpoint: null, result: null, lastStep: null };

function saveScript(input: SaveInput): SupervisorScript {
  const ref = refOf(input);
  const timeoutSeconds = input.saveTimeoutSeconds;
  switch (input.mode) {
    case 'save':
      return askScript('save', { ...ref, timeoutSeconds });
    case 'save-and-stop':
      return askScript('save-and-stop', { ...ref, timeoutSeconds, cause: input.reason });
    case 'force-stop':
      return askScript('stop', ref);
  }
}
