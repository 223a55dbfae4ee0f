import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ApplicationFailure,
  CancelledFailure,
  ChildWorkflowFailure,
  condition,
  getExternalWorkflowHandle,
  ParentClosePolicy,
  startChild,
  TerminatedFailure,
  type CancellationScope,
  type ChildWorkflowHandle,
} from '@temporalio/workflow';
import { firstCarryOver } from '../domain/carry-over';
import { formatCapacity, formatCommand } from '../domain/format';
import { attemptWorkflowId } from '../domain/ids';
import { isObject } from '../domain/json-reader';
import type { OtherTraining } from '../domain/outcome';
import type { TrainingRunSpec } from '../domain/run-spec';
import type { RunResult } from './messages';
import type { RunInbox } from './run-inbox';
import type { trainingAttempt } from './training-attempt';

/** How the chain of attempts ended. */
export type ChainEnd =
  | { readonly kind: 'finished'; readonly result: RunResult }
  | { readonly kind: 'cancelled' }
  | {
      readonly kind: 'failed';
      readonly code: string;
      readonly message: string;
      readonly other?: OtherTraining;
      /** Where it differs from what the code advises. */
      readonly next?: string;
    };

/**
 * Starts the one child of a run, stays its guard until its chain of attempts has ended, and says how it ended.
 *
 * To be called in a non-cancellable scope: the child is cancelled by its workflow id, since a scope would address its
 * first execution, which an interruption has long ended.
 */
export async function runAttempts(
  spec: TrainingRunSpec,
  inbox: RunInbox,
  root: CancellationScope,
): Promise<ChainEnd> {
  // Cancelled in its first moment: nothing was begun, so nothing need be.
  if (root.consideredCancelled) return { kind: 'cancelled' };
  const started = await start(spec);
  if (started === 'id-taken') {
    return {
      kind: 'failed',
      code: 'run-id-taken',
      message: `An attempt of an earlier run ${spec.runId} is still cleaning up.`,
    };
  }
  const guarding = [forwardMail(spec, inbox), forwardCancel(spec, inbox, root)];
  const end = await started.result().then(
    (result): ChainEnd => ({ kind: 'finished', result }),
    (error: unknown) => readChildFailure(spec, error),
  );
  inbox.isChildOver = true;
  await Promise.all(guarding);
  return end;
}

type Child = ChildWorkflowHandle<typeof trainingAttempt>;

async function start(spec: TrainingRunSpec): Promise<Child | 'id-taken'> {
  try {
    return await startChild<typeof trainingAttempt>('trainingAttempt', {
      workflowId: attemptWorkflowId(spec.runId),
      args: [firstCarryOver(spec)],
      // Whoever ends the parent from outside leaves a child that cleans up.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `Attempts of run ${spec.runId}: ${spec.script} on ${formatCapacity(spec.capacity)}`,
      staticDetails: `\`${formatCommand(spec)}\`\n\nEach instance that the run gets is one execution under this workflow id.`,
    });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'id-taken';
    throw error;
  }
}

/** Hands messages on to the child's current execution, in order. */
async function forwardMail(spec: TrainingRunSpec, inbox: RunInbox): Promise<void> {
  for (;;) {
    await condition(() => inbox.hasMail || inbox.isChildOver);
    const message = inbox.isChildOver ? undefined : inbox.takeMail();
    if (message === undefined) return;
    try {
      await childOf(spec).signal(message.signal, message.input);
    } catch {
      // The child has just ended: the message came too late to matter.
    }
  }
}

async function forwardCancel(
  spec: TrainingRunSpec,
  inbox: RunInbox,
  root: CancellationScope,
): Promise<void> {
  await condition(() => root.consideredCancelled || inbox.isChildOver);
  if (inbox.isChildOver) return;
  try {
    await childOf(spec).cancel();
  } catch {
    // The child has just ended: there is nothing left to cancel.
  }
}

const childOf = (spec: TrainingRunSpec) => getExternalWorkflowHandle(attemptWorkflowId(spec.runId));

function readChildFailure(spec: TrainingRunSpec, error: unknown): ChainEnd {
  if (!(error instanceof ChildWorkflowFailure)) throw error;
  const { cause } = error;
  if (cause instanceof CancelledFailure) return { kind: 'cancelled' };
  if (cause instanceof TerminatedFailure) {
    return {
      kind: 'failed',
      code: 'child-terminated',
      message: `Somebody terminated ${attemptWorkflowId(spec.runId)}; what it held was released afterwards.`,
    };
  }
  const [said, other, next]: unknown[] =
    cause instanceof ApplicationFailure ? (cause.details ?? []) : [];
  return {
    ...(typeof next === 'string' ? { next } : {}),
    kind: 'failed',
    code: cause instanceof ApplicationFailure ? (cause.type ?? 'unexpected') : 'unexpected',
    message: typeof said === 'string' ? said : (cause?.message ?? error.message),
    // Written by the attempt's own conclusion.
    ...(isObject(other) ? { other: other as unknown as OtherTraining } : {}),
  };
}
