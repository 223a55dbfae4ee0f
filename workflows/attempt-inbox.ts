import {
  ApplicationFailure,
  CancellationScope,
  condition,
  setHandler,
  uuid4,
} from '@temporalio/workflow';
import type { Checkpoint } from '../domain/checkpoint';
import type { Intent } from '../domain/decide-next';
import { isObject } from '../domain/json-reader';
import { limits } from '../domain/limits';
import { judgeNotice, readNotice, type Notice } from '../domain/notice';
import { saveCheckpoint, saveCheckpointNow, spotInterruption, stop } from './messages';

/** The answer to a request for a checkpoint. */
export type SaveAnswer =
  | { readonly kind: 'saved'; readonly checkpoint: Checkpoint | null }
  | { readonly kind: 'failed'; readonly message: string };

interface SaveRequest {
  readonly id: string;
  /** The parent is answered by a signal, an update of our own by its return, a plain signal not at all. */
  readonly from: 'parent' | 'update' | 'signal';
}

/** What the inbox needs of the attempt around it. */
export interface InboxOwner {
  readonly root: CancellationScope;
  newestCheckpoint(): Checkpoint | null;
  /** Sends an answer to the parent; never throws. */
  tellParent(requestId: string, answer: SaveAnswer): void;
}

/**
 * What messages have asked of an attempt. Its handlers are synchronous and total: they record, and the attempt looks.
 * Nothing a sender can put into a signal makes them throw.
 */
export class AttemptInbox {
  stop: { readonly force: boolean } | null = null;
  /** The notice about today's instance; the first one counts. */
  interruption: Notice | null = null;
  staleNoticeCount: number;
  isTraining = false;

  private instanceId: string | null = null;
  private isLaunchInFlight = false;
  private keptNotices: Notice[] = [];
  private saveRequests: SaveRequest[] = [];
  private readonly answers = new Map<string, SaveAnswer>();

  constructor(
    private readonly owner: InboxOwner,
    staleNoticeCount: number,
  ) {
    this.staleNoticeCount = staleNoticeCount;
  }

  /** Registers every handler; to be called before the first await, or a signal could be lost. */
  listen(): void {
    setHandler(
      spotInterruption,
      (input) => {
        this.hear(readNotice(input));
      },
      {
        description:
          'The instance gets a Spot interruption: save, move on, resume. Input: nothing, or {"instanceId": "i-…", "noticeAt": "…"}',
      },
    );
    setHandler(
      stop,
      (input) => {
        this.hearStop(input);
      },
      {
        description:
          'Save, stop and end the run. Input: nothing, or {"force": true} to kill at once',
      },
    );
    setHandler(
      saveCheckpoint,
      (input) => {
        this.hearSave(input);
      },
      {
        description: 'Save a checkpoint now and keep training. No input',
      },
    );
    setHandler(saveCheckpointNow, () => this.saveNow(), {
      description: 'Save a checkpoint now, keep training, and answer with the checkpoint. No input',
      validator: () => {
        if (this.saveRequests.length >= limits.saveRequests) {
          throw ApplicationFailure.nonRetryable('Too many requests for a checkpoint wait already.');
        }
      },
    });
  }

  get intent(): Intent {
    if (this.owner.root.consideredCancelled) return 'cancel';
    return this.stop === null ? 'none' : 'stop';
  }

  get isEnding(): boolean {
    return this.intent !== 'none';
  }

  get isInterrupted(): boolean {
    return this.interruption !== null;
  }

  get hasSaveRequests(): boolean {
    return this.saveRequests.length > 0;
  }

  launchBegins(): void {
    this.isLaunchInFlight = true;
  }

  /** From now on notices are about this instance; those kept during the launch are judged. */
  launchAnswered(instanceId: string | null): void {
    this.isLaunchInFlight = false;
    this.instanceId = instanceId;
    const kept = this.keptNotices;
    this.keptNotices = [];
    for (const notice of kept) this.hear(notice);
  }

  /** From now on every notice is stale. */
  instanceReleased(): void {
    this.instanceId = null;
  }

  takeSaveRequests(): SaveRequest[] {
    const taken = this.saveRequests;
    this.saveRequests = [];
    return taken;
  }

  /** Requests whose save was cut short are answered later. */
  putBack(requests: readonly SaveRequest[]): void {
    this.saveRequests = [...requests, ...this.saveRequests];
  }

  answer(requests: readonly SaveRequest[], answer: SaveAnswer): void {
    for (const { id, from } of requests) {
      if (from === 'update') this.answers.set(id, answer);
      if (from === 'parent') this.owner.tellParent(id, answer);
    }
  }

  private hear(notice: Notice): void {
    const verdict = judgeNotice(notice, {
      instanceId: this.instanceId,
      isLaunchInFlight: this.isLaunchInFlight,
      isInterrupted: this.interruption !== null,
    });
    switch (verdict) {
      case 'apply':
        this.interruption = notice;
        return;
      case 'keep':
        this.keptNotices = [...this.keptNotices, notice].slice(-limits.keptNotices);
        return;
      case 'stale':
        this.staleNoticeCount += 1;
        return;
      case 'duplicate':
        return;
    }
  }

  private hearStop(input: unknown): void {
    const force = isObject(input) && input['force'] === true;
    this.stop = { force: force || (this.stop?.force ?? false) };
  }

  private hearSave(input: unknown): void {
    const id = isObject(input) ? input['requestId'] : undefined;
    const isAnswerable = typeof id === 'string' && id.length <= 100;
    this.request({ id: isAnswerable ? id : '', from: isAnswerable ? 'parent' : 'signal' });
  }

  private async saveNow(): Promise<Checkpoint | null> {
    const id = uuid4();
    this.request({ id, from: 'update' });
    // A cancelled attempt still answers: with the checkpoint that it saved before it ended.
    await CancellationScope.nonCancellable(() => condition(() => this.answers.has(id)));
    const answer = this.answers.get(id);
    this.answers.delete(id);
    if (answer?.kind === 'failed') throw ApplicationFailure.nonRetryable(answer.message);
    return answer?.checkpoint ?? null;
  }

  /** Where nothing trains there is nothing newer to save than the newest checkpoint. */
  private request(request: SaveRequest): void {
    if (!this.isTraining) {
      this.answer([request], { kind: 'saved', checkpoint: this.owner.newestCheckpoint() });
      return;
    }
    // Requests that wait together are served by one save, so a plain signal needs no place of its own.
    const isServed = request.from === 'signal' && this.hasSaveRequests;
    if (!isServed && this.saveRequests.length < limits.saveRequests) {
      this.saveRequests.push(request);
    }
  }
}
