import { Failure } from '../domain/failure';
import type { InstanceGone } from '../domain/instance';
import { hasCode } from './aws-error';
import type { Cloud } from './connect-cloud';
import { whyGone } from './instance-view';
import { commandLimits } from './limits';
import { type Invocation, readInvocation, sendScript } from './ssm-command';
import { readAnswer, type SupervisorAnswer } from './supervisor-answer';
import type { SupervisorScript } from './supervisor-script';
import { wait } from './wait';

export interface VerbOptions {
  /** How long the verb itself may take. */
  readonly executionSeconds: number;
  readonly comment: string;
  readonly signal?: AbortSignal;
  /** Called at each look, for heartbeats. */
  readonly onWaiting?: () => void;
}

export type VerbReply =
  SupervisorAnswer | { readonly kind: 'instance-gone'; readonly gone: InstanceGone };

/**
 * Runs one verb of the supervisor on one instance and returns its answer. Whether the instance lives is asked of EC2
 * beside SSM: a command on an instance that vanished stays under way for long.
 *
 * @throws instance-not-ready  SSM does not reach the instance although EC2 says that it runs (intermittent).
 */
export async function runVerb(
  cloud: Cloud,
  instanceId: string,
  script: SupervisorScript,
  options: VerbOptions,
): Promise<VerbReply> {
  const { signal } = options;
  const before = await findGone(cloud, instanceId);
  if (before !== null) return before;
  const command = { ...options, instanceIds: [instanceId], text: script.text };
  let commandId: string;
  try {
    commandId = await sendScript(cloud.clients, command, signal);
  } catch (error) {
    if (!hasCode(error, 'InvalidInstanceId')) throw error;
    return (
      (await findGone(cloud, instanceId)) ?? notReached(instanceId, 'InvalidInstanceId', error)
    );
  }
  const waited = await awaitEnd(cloud, instanceId, commandId, options);
  switch (waited.kind) {
    case 'instance-gone':
      return waited;
    case 'ended':
      return explainSilence(readAnswer(waited.output, script.nonce), waited.errorOutput);
    case 'undelivered':
    case 'timed-out':
      return (await findGone(cloud, instanceId)) ?? notReached(instanceId, waited.status);
  }
}

type End = Exclude<Invocation, { kind: 'waiting' }> | Extract<VerbReply, { kind: 'instance-gone' }>;

async function awaitEnd(
  cloud: Cloud,
  instanceId: string,
  commandId: string,
  options: VerbOptions,
): Promise<End> {
  const { signal, executionSeconds } = options;
  // Past this SSM itself gives the command up.
  const deadline = Date.now() + (commandLimits.deliverySeconds + executionSeconds) * 1_000;
  let pauseMs: number = commandLimits.firstPollMs;
  let instanceCheckedAtMs = Date.now();
  while (Date.now() < deadline) {
    await wait(pauseMs, signal);
    options.onWaiting?.();
    pauseMs = Math.min(pauseMs * commandLimits.pollGrowth, commandLimits.maxPollMs);
    const invocation = await readInvocation(cloud.clients, commandId, instanceId, signal);
    if (invocation.kind !== 'waiting') return invocation;
    if (Date.now() - instanceCheckedAtMs >= commandLimits.instanceCheckMs) {
      instanceCheckedAtMs = Date.now();
      const gone = await findGone(cloud, instanceId);
      if (gone !== null) return gone;
    }
  }
  return { kind: 'undelivered', status: 'no answer in time' };
}

async function findGone(
  cloud: Cloud,
  instanceId: string,
): Promise<Extract<VerbReply, { kind: 'instance-gone' }> | null> {
  const gone = whyGone(await cloud.instances.read(instanceId), instanceId);
  return gone === null ? null : { kind: 'instance-gone', gone };
}

function notReached(instanceId: string, status: string, cause?: unknown): never {
  throw new Failure('instance-not-ready', `SSM does not reach ${instanceId}.`, {
    why: `The command ended as ${status}, while EC2 says that the instance runs.`,
    ...(cause === undefined ? {} : { cause }),
  });
}

function explainSilence(answer: SupervisorAnswer, errorOutput: string): SupervisorAnswer {
  if (answer.kind !== 'garbled' || errorOutput === '') return answer;
  return { kind: 'garbled', message: `${answer.message}; stderr: ${errorOutput.slice(-300)}` };
}
