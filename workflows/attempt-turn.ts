import { CancellationScope, getExternalWorkflowHandle, workflowInfo } from '@temporalio/workflow';
import type { AttemptRef, CostMeter, OnInstance, RunTab } from '../activities/contract';
import type { AlertState } from '../domain/alerts';
import type { AttemptCarryOver } from '../domain/carry-over';
import type { Checkpoint } from '../domain/checkpoint';
import type { AvoidedPool, Shortage } from '../domain/decide-placement';
import type { LaunchedInstance } from '../domain/instance';
import type { Instant } from '../domain/instant';
import { emptyTrace, extendTrace, type ProgressTrace } from '../domain/progress-trace';
import type { TrainingRunSpec } from '../domain/run-spec';
import type { TrainerResult } from '../domain/supervisor-report';
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
  /** When EC2 began to bill it, as far as that was seen. */
  runningAt: Instant | null = null;
  alerts: AlertState;
  /** From then on there may be an instance, whether or not a reply tells. */
  isLaunchAsked = false;
  /** From then on there may be a trainer. */
  isStartAsked = false;
  resumeFrom: Checkpoint | null = null;
  /** The newest one known. */
  checkpoint: Checkpoint | null;
  firstStep: number | null = null;
  lastStep: number | null = null;
  /** What this attempt is known to have reported. */
  private ownTrace: ProgressTrace = emptyTrace;
  /** How the script's process ended; null while it has not, or nobody saw it. */
  trainerEnd: Pick<TrainerResult, 'exitCode' | 'signal'> | null = null;
  shortage: Shortage | null;
  avoidedPools: readonly AvoidedPool[];
  /** The history has grown long while waiting for capacity: the wait goes on in a new execution. */
  isWaitToBeContinued = false;

  private messagesUnderWay = 0;

  constructor(readonly carry: AttemptCarryOver) {
    this.checkpoint = carry.checkpoint;
    this.shortage = carry.shortage;
    this.avoidedPools = carry.avoidedPools;
    this.alerts = carry.alerts;
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

  get runStartedAt(): Instant {
    return this.carry.runStartedAt ?? this.startedAt;
  }

  /** What the cost of the run is counted from. */
  get tab(): RunTab {
    const { capacity, budgets } = this.spec;
    return {
      runStartedAt: this.runStartedAt,
      endedCostUsd: this.carry.costUsd,
      maxCostUsd: budgets.maxCostUsd,
      asksForSpot: capacity.kind === 'launch' && capacity.purchase === 'spot',
      inForce: this.alerts.inForce,
    };
  }

  meter(instance: LaunchedInstance): CostMeter {
    return { ...this.tab, instance, runningAt: this.runningAt ?? instance.launchedAt };
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

  learnTrace(trace: ProgressTrace | undefined): void {
    this.ownTrace = trace ?? this.ownTrace;
  }

  /** The progress of the run so far. */
  get trace(): ProgressTrace {
    return extendTrace(this.carry.trace, this.ownTrace);
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
