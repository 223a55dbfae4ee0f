import { setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import { formatAlert } from '../domain/alerts';
import {
  formatAttempts,
  formatCapacity,
  formatCommand,
  formatCost,
  formatLosses,
} from '../domain/format';
import { attemptWorkflowId } from '../domain/ids';
import type { TrainingRunSpec } from '../domain/run-spec';
import { showDetails } from './details';
import { status, type Phase, type RunStatus } from './messages';
import type { RunInbox } from './run-inbox';
import { searchAttributes } from './search-attributes';

/** Shows a run to people: details, columns of the list, and the query `status`. */
export class RunView {
  private phase: Phase = 'placing';
  private message = 'Starting the first attempt';

  constructor(
    private readonly spec: TrainingRunSpec,
    private readonly inbox: RunInbox,
  ) {}

  listen(): void {
    setHandler(status, () => this.status(), {
      description: 'Where the run is now: attempts, checkpoint, cost. The child knows the instance',
    });
  }

  show(phase: Phase, message: string): void {
    this.phase = phase;
    this.message = message;
    upsertSearchAttributes([
      { key: searchAttributes.phase, value: phase },
      { key: searchAttributes.attempt, value: this.attemptNumber },
    ]);
    this.render();
  }

  /** After an attempt has ended: another row in the table. */
  showAttempt(): void {
    upsertSearchAttributes([{ key: searchAttributes.attempt, value: this.attemptNumber }]);
    this.render();
  }

  /** People are warned of something. */
  showAlerts(): void {
    this.render();
  }

  showEnd(
    phase: Phase & ('completed' | 'failed' | 'stopped' | 'cancelled'),
    message: string,
  ): void {
    upsertSearchAttributes([{ key: searchAttributes.outcome, value: phase }]);
    this.show(phase, message);
  }

  /** The attempt under way, or the last one once the training is over. */
  private get attemptNumber(): number {
    const ended = this.inbox.ledger.attempts.at(-1)?.number ?? 0;
    return this.inbox.isChildOver ? Math.max(ended, 1) : ended + 1;
  }

  private status(): RunStatus {
    const { ledger, staleNoticeCount, trace, alerts } = this.inbox;
    const count = (...outcomes: string[]) =>
      ledger.attempts.filter(({ outcome }) => outcomes.includes(outcome)).length;
    return {
      runId: this.spec.runId,
      phase: this.phase,
      attemptNumber: this.attemptNumber,
      instance: null,
      checkpoint: ledger.checkpoint,
      attempts: ledger.attempts,
      costUsd: ledger.costUsd,
      onDemandCostUsd: ledger.onDemandCostUsd,
      interruptionCount: count('interrupted', 'instance-lost'),
      errorCount: count('trainer-failed'),
      staleNoticeCount,
      trace,
      alerts,
      message: this.message,
    };
  }

  private render(): void {
    const { ledger, alerts } = this.inbox;
    const { maxCostUsd } = this.spec.budgets;
    const table = formatAttempts(ledger);
    const losses = formatLosses(this.inbox.trace.losses);
    showDetails(
      [
        `### Run ${this.spec.runId}: ${this.phase}`,
        '',
        `- **Now:** ${this.message}`,
        `- **Script:** \`${formatCommand(this.spec)}\` on ${formatCapacity(this.spec.capacity)}`,
        `- **Attempt:** ${this.attemptNumber} (the child \`${attemptWorkflowId(this.spec.runId)}\` shows what it does)`,
        ...(losses === '' ? [] : [`- **Loss so far:** ${losses}`]),
        `- **Cost of ended attempts:** ${formatCost(ledger.costUsd, ledger.onDemandCostUsd)}`,
        ...(maxCostUsd === null ? [] : [`- **Cost limit:** $${maxCostUsd}`]),
        ...alerts.map(
          (alert) => `- **Warning:** ${formatAlert(alert, this.spec.runId)} (${alert.at})`,
        ),
        ...(table === '' ? [] : ['', '#### Ended attempts', '', table]),
      ].join('\n'),
    );
  }
}
