import { CancellationScope, getExternalWorkflowHandle, workflowInfo } from '@temporalio/workflow';
import type { AttemptRef, OnInstance } from '../activities/contract';
import type { AttemptCarryOver } from '../domain/carry-over';
import type { Checkpoint } from '../domain/checkpoint';
import type { AvoidedPool, Shortage } from '../domain/decide-placement';
import type { LaunchedInstance } from '../domain/instance';
import type { Instant } from '../domain/instant';
import type { TrainingRunSpec } from '../domain/run-spec';
import { AttemptInbox, type SaveAnswer } from './attempt-inbox';
import { AttemptView } from './attempt-view';
import { checkpointSaved } from './messages';

/** One attempt while it lasts: what it was given, what it was told, what it has come to own. */
export class Turn {
  readonly root = CancellationScope.current();
  readonly inbox: AttemptInbox;
  readonly view: AttemptView;
  readonly startedAt: Instant = new Date().toISOString();

  instance: LaunchedInstance | null = null;
  /** From then on there may be an instance, whether or not a reply tells. */
  isLaunchAsked = false;
  /** From then on there may be a trainer. */
  isStartAsked = false;
  resumeFrom: Checkpoint | null = null;
  /** The newest one known. */
  checkpoint: Checkpoint | null;
  firstStep: number | null = null;
  lastStep: number | null = null;
  shortage: Shortage | null;
  avoidedPools: readonly AvoidedPool[];
  /** The history has grown long while waiting for capacity: the wait goes on in a new execution. */
  isWaitToBeContinued = false;

  private messagesUnderWay = 0;

  constructor(readonly carry: AttemptCarryOver) {
    this.checkpoint = carry.checkpoint;
    this.shortage = carry.shortage;
    this.avoidedPools = carry.avoidedPools;
    this.inbox = new AttemptInbox(
      {
        root: this.root,
        newestCheckpoint: () => this.checkpoint,
        tellParent: (requestId, answer) => {
          this.tellParent(requestId, answer);
        },
      },
      carry.staleNoticeCount,
    );
    this.view = new AttemptView(this);
  }

  get spec(): TrainingRunSpec {
    return this.carry.spec;
  }

  get ref(): AttemptRef {
    const claim = workflowInfo().parent?.runId;
    return { runId: this.spec.runId, attemptNumber: this.carry.attemptNumber, claim };
  }

  /** The attempt should go no further: it is to end, or its instance is. */
  readonly isCutShort = (): boolean => this.inbox.isEnding || this.inbox.isInterrupted;

  readonly isEnding = (): boolean => this.inbox.isEnding;

  get areMessagesDelivered(): boolean {
    return this.messagesUnderWay === 0;
  }

  onInstance(instance: LaunchedInstance): OnInstance {
    return { ...this.ref, instanceId: instance.instanceId };
  }

  learnCheckpoint(checkpoint: Checkpoint | null): void {
    this.checkpoint = checkpoint ?? this.checkpoint;
  }

  learnSteps(firstStep: number | null, lastStep: number | null): void {
    this.firstStep ??= firstStep;
    this.lastStep = lastStep ?? this.lastStep;
  }

  private tellParent(requestId: string, answer: SaveAnswer): void {
    const { parent } = workflowInfo();
    if (parent === undefined) return;
    this.messagesUnderWay += 1;
    const handle = getExternalWorkflowHandle(parent.workflowId);
    void CancellationScope.nonCancellable(() =>
      handle.signal(checkpointSaved, { requestId, ...answer }),
    )
      .catch(() => undefined) // a parent that has ended needs no answer
      .finally(() => {
        this.messagesUnderWay -= 1;
      });
  }
}
