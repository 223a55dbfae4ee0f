import { askScript, type SupervisorScript } from '../aws/supervisor-script';
import { traceOf } from '../domain/progress-trace';
import { askSupervisor, refOf, unexpectedRefusal, type Answer } from './ask-supervisor';
import type { SaveInput, SaveReply } from './contract';
import type { ActivityDependencies } from './dependencies';
import { activityLimits } from './limits';

/** @see ControlActivities.saveCheckpoint */
export async function saveCheckpoint(
  dependencies: ActivityDependencies,
  input: SaveInput,
): Promise<SaveReply> {
  const answer = await askUntilSaved(dependencies, input);
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
        ...(report === null ? {} : { trace: traceOf(report.progress, report.losses) }),
      };
    }
  }
}

/** The trainer has ended, and what it left still goes up: asking again joins the save under way. */
async function askUntilSaved(
  dependencies: ActivityDependencies,
  input: SaveInput,
): Promise<Answer> {
  const wanted = input.saveTimeoutSeconds + activityLimits.publishExecutionSeconds;
  const deadline = Date.now() + activityLimits.publishPatienceMs;
  for (;;) {
    const answer = await askSupervisor(dependencies, input, {
      script: saveScript(input),
      executionSeconds: Math.min(wanted, activityLimits.maxExecutionSeconds),
      what: input.mode,
    });
    const isUnderWay = answer.kind === 'refused' && answer.code === 'still-saving';
    if (!isUnderWay || Date.now() > deadline) return answer;
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
