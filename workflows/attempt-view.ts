import { setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { formatAlert, type AlertState } from '../domain/alerts';
import type { AttemptCarryOver } from '../domain/carry-over';
import type { Checkpoint } from '../domain/checkpoint';
import {
  formatAttempts,
  formatCapacity,
  formatCheckpoint,
  formatCommand,
  formatCost,
  formatInstance,
  formatLosses,
  formatPrice,
} from '../domain/format';
import type { LaunchedInstance } from '../domain/instance';
import { emptyLedger } from '../domain/ledger';
import type { AttemptOutcome } from '../domain/outcome';
import { plural } from '../domain/text';
import { showDetails } from './details';
import { status, type Phase, type RunStatus } from './messages';
import { searchAttributes } from './search-attributes';

/** What of an attempt is shown. */
interface ShownAttempt {
  readonly carry: AttemptCarryOver;
  readonly inbox: { readonly staleNoticeCount: number };
  readonly instance: LaunchedInstance | null;
  readonly resumeFrom: Checkpoint | null;
  readonly checkpoint: Checkpoint | null;
  readonly alerts: AlertState;
}

/** Shows an attempt to people: the Web UI's details, the list's columns, and the query `status`. */
export class AttemptView {
  private phase: Phase = 'placing';
  private doing = 'Looking for the newest checkpoint';
  private next = '';
  /** How it ended; null while it goes on. */
  private outcome: AttemptOutcome['kind'] | null = null;

  constructor(private readonly turn: ShownAttempt) {}

  listen(): void {
    setHandler(status, () => this.status(), {
      description: 'Where the run is now: phase, instance, checkpoint, attempts, cost',
    });
  }

  /** Clears what the attempt before has left in the columns: the server carries them over. */
  begin(): void {
    upsertSearchAttributes([
      { key: searchAttributes.phase, value: this.phase },
      { key: searchAttributes.attempt, value: this.turn.carry.attemptNumber },
      { key: searchAttributes.instanceId, value: null },
      { key: searchAttributes.purchase, value: null },
      { key: searchAttributes.outcome, value: null },
    ]);
    this.render();
  }

  /** What happens now, and what comes next, each as a sentence without a full stop. */
  show(phase: Phase, doing: string, next: string): void {
    if (phase !== this.phase) {
      upsertSearchAttributes([{ key: searchAttributes.phase, value: phase }]);
    }
    this.phase = phase;
    this.doing = doing;
    this.next = next;
    this.render();
  }

  showInstance(): void {
    const { instance } = this.turn;
    upsertSearchAttributes([
      { key: searchAttributes.instanceId, value: instance?.instanceId ?? null },
      { key: searchAttributes.purchase, value: instance?.purchase ?? null },
    ]);
  }

  /** People are warned of something. */
  showAlerts(): void {
    this.render();
  }

  /** The end of the attempt: the last thing that its Temporal run shows. */
  showOutcome(phase: Phase, outcome: AttemptOutcome['kind'], doing: string, next: string): void {
    upsertSearchAttributes([{ key: searchAttributes.outcome, value: outcome }]);
    this.outcome = outcome;
    this.show(phase, doing, next);
  }

  /** The instance was another training's all the time: who looks for the run on it must not find this one. */
  showTurnedAway(doing: string): void {
    upsertSearchAttributes([
      { key: searchAttributes.outcome, value: 'refused' },
      { key: searchAttributes.instanceId, value: null },
    ]);
    this.show('failed', doing, '');
  }

  status(): RunStatus {
    const { carry, inbox, instance, resumeFrom, checkpoint } = this.turn;
    return {
      runId: carry.spec.runId,
      phase: this.phase,
      attemptNumber: carry.attemptNumber,
      instance,
      checkpoint,
      resumedAtStep: resumeFrom?.step ?? 0,
      attempts: carry.recentAttempts,
      costUsd: carry.costUsd,
      onDemandCostUsd: carry.onDemandCostUsd,
      interruptionCount: carry.history.interruptionCount,
      errorCount: carry.history.errorCount,
      staleNoticeCount: inbox.staleNoticeCount,
      trace: carry.trace,
      alerts: this.turn.alerts.raised,
      message: this.doing,
    };
  }

  private render(): void {
    const { carry, inbox, instance, resumeFrom, checkpoint, alerts } = this.turn;
    const { history } = carry;
    const { maxCostUsd } = carry.spec.budgets;
    const rows: [string, string][] = [
      ['Now', this.doing],
      ['Next', this.next],
      ['Script', `\`${formatCommand(carry.spec)}\` on ${formatCapacity(carry.spec.capacity)}`],
      ['Instance', instance === null ? '' : formatInstance(instance)],
      ['Price at launch', instance === null ? '' : formatPrice(instance)],
      ['Resumed from', resumeFrom === null ? '' : formatCheckpoint(resumeFrom)],
      ['Newest checkpoint', formatCheckpoint(checkpoint)],
      ['Why this attempt', carry.why],
      ['Loss so far', formatLosses(carry.trace.losses)],
      [
        'So far',
        `${plural(history.interruptionCount, 'interruption')}, ${plural(history.errorCount, 'error')}`,
      ],
      ['Cost of ended attempts', formatCost(carry.costUsd, carry.onDemandCostUsd)],
      ['Cost limit', maxCostUsd === null ? '' : `$${maxCostUsd}`],
      ...alerts.raised.map((alert): [string, string] => [
        'Warning',
        `${formatAlert(alert, carry.spec.runId)} (${alert.at})`,
      ]),
      ['Stale notices', inbox.staleNoticeCount === 0 ? '' : String(inbox.staleNoticeCount)],
    ];
    const earlier = formatAttempts({ ...emptyLedger, attempts: carry.recentAttempts });
    showDetails(
      [
        `### Run ${carry.spec.runId}, attempt ${carry.attemptNumber}: ${this.outcome ?? this.phase}`,
        '',
        ...rows.filter(([, text]) => text !== '').map(([name, text]) => `- **${name}:** ${text}`),
        ...(earlier === '' ? [] : ['', '#### The attempt before', '', earlier]),
      ].join('\n'),
    );
  }
}
