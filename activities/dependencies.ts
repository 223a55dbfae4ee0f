import type { Cloud } from '../aws/connect-cloud';
import type { SupervisorPackage } from '../aws/supervisor-package';
import type { AlertThresholds } from '../domain/alerts';
import type { InstanceGuard } from './instance-guard';

/** What the activities of one worker share. */
export interface ActivityDependencies {
  readonly cloud: Cloud;
  /** The supervisor that this worker delivers. */
  readonly supervisor: SupervisorPackage;
  /** Whether the run's workflow is open: asked before an instance is called an orphan. */
  readonly isRunOpen: (runId: string) => Promise<boolean>;
  readonly pace: Pace;
  readonly alerts: AlertSettings;
  readonly guard: InstanceGuard;
  /** Makes the schedule that warns of the account look now. */
  readonly lookAtAccount: () => Promise<void>;
}

/** Whom the worker warns of what; see docs/alerts.md. */
export interface AlertSettings {
  readonly thresholds: AlertThresholds;
  /** A program and its arguments, which reads the alert as JSON on stdin; null for none. */
  readonly command: readonly string[] | null;
  /** Gets the alert as JSON by POST; null for none. */
  readonly webhook: string | null;
}

/** How often the worker looks, and what it allows. */
export interface Pace {
  /** Between two looks at a trainer; jittered. */
  readonly watchIntervalMs: number;
  /** Between two looks at a booting instance. */
  readonly bootIntervalMs: number;
  /** How long an instance goes on training when no poll renews its lease: then it saves and ends itself. */
  readonly leaseSeconds: number;
  /** An instance younger than this is never called an orphan: its run may not be visible yet. */
  readonly orphanGraceSeconds: number;
}

/** What a worker uses when its configuration says nothing. */
export const defaultPace: Pace = {
  watchIntervalMs: 10_000,
  bootIntervalMs: 3_000,
  leaseSeconds: 4 * 3_600,
  orphanGraceSeconds: 15 * 60,
};
