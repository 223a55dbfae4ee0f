import {
  ApplicationFailure,
  CancellationScope,
  condition,
  setHandler,
  uuid4,
  type SignalDefinition,
} from '@temporalio/workflow';
import { isRaisedAlert, type RaisedAlert } from '../domain/alerts';
import type { Checkpoint } from '../domain/checkpoint';
import { isObject } from '../domain/json-reader';
import { addAttempt, emptyLedger, readAttemptRecord, type Ledger } from '../domain/ledger';
import { limits } from '../domain/limits';
import { emptyTrace, type ProgressTrace, readTrace } from '../domain/progress-trace';
import {
  alertsRaised,
  attemptEnded,
  checkpointSaved,
  saveCheckpoint,
  saveCheckpointNow,
  spotInterruption,
  stop,
} from './messages';

/** A message for the child, which decides what it means. */
export interface Forwarded {
  readonly signal: SignalDefinition<[unknown?]>;
  readonly input: unknown;
}

/** Saving and the way there and back; after that the sender is told to look at the run instead. */
const answerSlackSeconds = 120;

/**
 * Messages of the parent. Those about the training are handed on to the child, in order; before there is a child they
 * wait. Handlers are synchronous and total.
 */
export class RunInbox {
  ledger: Ledger = emptyLedger;
  /** The progress of the attempts that are over. */
  trace: ProgressTrace = emptyTrace;
  staleNoticeCount = 0;
  /** What people were warned of, the last few. */
  alerts: readonly RaisedAlert[] = [];
  /** No child will answer any more. */
  isChildOver = false;

  private readonly outbox: Forwarded[] = [];
  private readonly answers = new Map<string, { checkpoint: Checkpoint | null } | Error>();
  private readonly awaited = new Set<string>();

  constructor(
    private readonly saveTimeoutSeconds: number,
    private readonly listener: { readonly onAttempt: () => void; readonly onAlerts: () => void },
  ) {}

  /** Registers every handler; to be called before the first await. */
  listen(): void {
    const forward = (signal: Forwarded['signal']) => (input?: unknown) => {
      this.post({ signal, input: input ?? {} });
    };
    setHandler(spotInterruption, forward(spotInterruption), {
      description:
        'The instance gets a Spot interruption: save, move on, resume. Input: nothing, or {"instanceId": "i-…", "noticeAt": "…"}',
    });
    setHandler(stop, forward(stop), {
      description: 'Save, stop and end the run. Input: nothing, or {"force": true} to kill at once',
    });
    setHandler(saveCheckpoint, forward(saveCheckpoint), {
      description: 'Save a checkpoint now and keep training. No input',
    });
    setHandler(saveCheckpointNow, () => this.saveNow(), {
      description: 'Save a checkpoint now, keep training, and answer with the checkpoint. No input',
      validator: () => {
        if (this.isChildOver) throw ApplicationFailure.nonRetryable('The training is over.');
      },
    });
    setHandler(
      attemptEnded,
      (input) => {
        this.hearAttempt(input);
      },
      {
        description: 'Sent by the attempts of this run; not for people',
      },
    );
    setHandler(
      alertsRaised,
      (input) => {
        this.hearAlerts(input);
      },
      {
        description: 'Sent by the attempts of this run; not for people',
      },
    );
    setHandler(
      checkpointSaved,
      (input) => {
        this.hearAnswer(input);
      },
      {
        description: 'Sent by the attempts of this run; not for people',
      },
    );
  }

  get hasMail(): boolean {
    return this.outbox.length > 0;
  }

  takeMail(): Forwarded | undefined {
    return this.outbox.shift();
  }

  /** A message like one that waits already says nothing new. */
  private post(message: Forwarded): void {
    const text = JSON.stringify(message.input);
    const isThere = this.outbox.some(
      ({ signal, input }) => signal === message.signal && JSON.stringify(input) === text,
    );
    if (!isThere && this.outbox.length < limits.outbox) this.outbox.push(message);
  }

  private hearAttempt(input: unknown): void {
    const record = readAttemptRecord(isObject(input) ? input['record'] : null);
    if (record === null) return;
    this.ledger = addAttempt(this.ledger, record);
    const stale = isObject(input) ? input['staleNoticeCount'] : undefined;
    if (typeof stale === 'number') this.staleNoticeCount = stale;
    if (isObject(input)) this.trace = readTrace(input['trace']);
    this.listener.onAttempt();
  }

  private hearAlerts(input: unknown): void {
    const alerts = isObject(input) ? input['alerts'] : null;
    if (!Array.isArray(alerts)) return;
    // Only the child sends it; what is no alert could not be shown.
    this.alerts = alerts.filter(isRaisedAlert).slice(-limits.raisedAlerts);
    this.listener.onAlerts();
  }

  private hearAnswer(input: unknown): void {
    const id = isObject(input) ? input['requestId'] : undefined;
    if (!isObject(input) || typeof id !== 'string' || !this.awaited.has(id)) return;
    const { kind, message, checkpoint } = input;
    this.answers.set(
      id,
      kind === 'saved'
        ? { checkpoint: checkpoint as Checkpoint | null } // the child sends what its activity returned
        : new Error(typeof message === 'string' ? message : 'The checkpoint could not be saved.'),
    );
  }

  private async saveNow(): Promise<Checkpoint | null> {
    const id = uuid4();
    this.awaited.add(id);
    this.post({ signal: saveCheckpoint, input: { requestId: id } });
    const timeoutMs = (this.saveTimeoutSeconds + answerSlackSeconds) * 1000;
    await CancellationScope.nonCancellable(() =>
      condition(() => this.answers.has(id) || this.isChildOver, timeoutMs, {
        summary: 'Wait for the checkpoint',
      }),
    );
    this.awaited.delete(id);
    const answer = this.answers.get(id);
    this.answers.delete(id);
    if (answer instanceof Error) throw ApplicationFailure.nonRetryable(answer.message);
    if (answer !== undefined) return answer.checkpoint;
    if (this.isChildOver) return this.ledger.checkpoint;
    throw ApplicationFailure.nonRetryable(
      'No checkpoint was saved in time. `runctl aws status` shows what the run does.',
    );
  }
}
