import type { PurchaseOption } from '../../domain/instance';
import type { RunSnapshot } from './run-snapshot';

/** A run as Temporal's search knows it. */
export interface ListedRun {
  readonly runId: string;
  /** The phase, or how it ended. */
  readonly state: RunSnapshot['state'];
  readonly isOver: boolean;
  readonly startedAt: string;
  readonly endedAt: string | null;
  /** The newest attempt's. */
  readonly attempt: number | null;
  readonly instanceId: string | null;
  readonly purchase: PurchaseOption | null;
}
