import { hasCodeArchive } from '../aws/code-store';
import { presignSupervisor, uploadSupervisor } from '../aws/supervisor-package';
import { deliverScript } from '../aws/supervisor-script';
import { Failure } from '../domain/failure';
import { failurePatternGroups } from '../domain/failure-patterns';
import { objectKeys } from '../domain/ids';
import { askSupervisor, unexpectedRefusal } from './ask-supervisor';
import type { StartInput, StartReply } from './contract';
import type { ActivityDependencies } from './dependencies';
import { activityLimits } from './limits';

/** @see ControlActivities.startTraining */
export async function startTraining(
  dependencies: ActivityDependencies,
  input: StartInput,
): Promise<StartReply> {
  const { cloud, supervisor } = dependencies;
  if (!(await hasCodeArchive(cloud, input.code))) throw codeMissing(input);
  const { bucket } = cloud.settings;
  await uploadSupervisor(cloud.clients, bucket, supervisor);
  const delivery = await presignSupervisor(cloud.clients, bucket, supervisor.sha256);
  const answer = await askSupervisor(dependencies, input, {
    script: deliverScript('start', startRequest(dependencies, input), delivery),
    executionSeconds: activityLimits.startExecutionSeconds,
    what: 'start',
  });
  switch (answer.kind) {
    case 'instance-gone':
      return answer;
    case 'refused':
      throw unexpectedRefusal('start the training', answer);
    case 'answered': {
      const { alreadyRunning } = answer.reply;
      if (alreadyRunning === undefined) return { kind: 'started' };
      const { pid, runId, since } = alreadyRunning;
      return { kind: 'already-running', pid, runId, since };
    }
  }
}

/** The request of docs/supervisor-protocol.md. */
function startRequest({ cloud, pace }: ActivityDependencies, input: StartInput) {
  const { runId, attemptNumber, code, resumeFrom, checkpoints, completion } = input;
  return {
    version: 1,
    runId,
    attemptNumber,
    claim: input.claim ?? null,
    region: cloud.settings.region,
    bucket: cloud.settings.bucket,
    code: { key: objectKeys.code(code.sha256), sha256: code.sha256 },
    script: input.script,
    scriptArgs: input.scriptArgs,
    environment: input.environment,
    resumeFrom: resumeFrom === null ? null : { step: resumeFrom.step, prefix: resumeFrom.prefix },
    checkpointPrefix: objectKeys.checkpoints(runId),
    latestKey: objectKeys.latest(runId),
    logPrefix: objectKeys.logs(runId, attemptNumber),
    saveTimeoutSeconds: checkpoints.saveTimeoutSeconds,
    leaseSeconds: pace.leaseSeconds,
    mayShutDown: input.isOurs,
    noticePollSeconds: 2,
    markerName: completion.markerName,
    completionGraceSeconds: completion.graceSeconds,
    logPattern: completion.logPattern,
    hangTimeoutSeconds: completion.hangTimeoutSeconds,
    failurePatterns: failurePatternGroups(completion.failurePatterns),
    checkpointSignal: null,
    secrets: input.secrets,
    data: input.data,
    outputIndexKey: objectKeys.outputs(runId),
    dependencies: input.dependencies,
    container: input.container,
  };
}

const codeMissing = ({ code }: StartInput): Failure =>
  new Failure('code-missing', `The bucket does not hold the code ${code.sha256.slice(0, 12)}.`, {
    why: 'It was deleted, or staged into the bucket of another worker.',
  });
