import { Context } from '@temporalio/activity';
import { runVerb, type VerbReply } from '../aws/run-verb';
import type { SupervisorReply } from '../aws/supervisor-answer';
import type { SupervisorScript } from '../aws/supervisor-script';
import { Failure } from '../domain/failure';
import type { InstanceGone } from '../domain/instance';
import type { AttemptRef, OnInstance } from './contract';
import type { ActivityDependencies } from './dependencies';

/** What an activity has to tell apart; a garbled answer is an exception, since asking again helps. */
export type Answer =
  | { readonly kind: 'answered'; readonly reply: SupervisorReply }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string }
  | { readonly kind: 'instance-gone'; readonly gone: InstanceGone };

/** Runs a script of the supervisor's within an activity: heartbeats while it waits, ends when it is cancelled. */
export async function askSupervisor(
  { cloud }: Pick<ActivityDependencies, 'cloud'>,
  target: OnInstance,
  call: {
    readonly script: SupervisorScript;
    readonly executionSeconds: number;
    readonly what: string;
  },
): Promise<Answer> {
  const context = Context.current();
  const reply: VerbReply = await runVerb(cloud, target.instanceId, call.script, {
    executionSeconds: call.executionSeconds,
    comment: `runctl ${call.what} ${target.runId} #${target.attemptNumber}`,
    signal: context.cancellationSignal,
    onWaiting: () => {
      context.heartbeat();
    },
  });
  if (reply.kind !== 'garbled') return reply;
  throw new Failure('aws-unavailable', reply.message);
}

/** The failure for an answer of `ok: false` that the activity has no use for. */
export const unexpectedRefusal = (
  what: string,
  refusal: { readonly code: string; readonly message: string },
): Failure =>
  new Failure(
    refusal.code === 'no-python' ? 'launch-refused' : 'aws-unavailable',
    `The instance refused to ${what}: ${refusal.message}.`,
    refusal.code === 'no-python'
      ? { next: 'Use a machine image with Python 3.9 or newer as python3.' }
      : { why: `The supervisor answered ${refusal.code}.` },
  );

export const refOf = ({ runId, attemptNumber, claim }: AttemptRef): AttemptRef => ({
  runId,
  attemptNumber,
  claim,
});
