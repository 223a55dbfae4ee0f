import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { attemptWorkflowId } from '../../domain/ids';
import type { LaunchedInstance } from '../../domain/instance';
import type { Instant } from '../../domain/instant';
import { type ProgressTrace, readTrace } from '../../domain/progress-trace';
import type { WatchDetails } from '../../domain/watch-details';
import { searchAttributes } from '../../workflows/search-attributes';
import { status, type Phase, type RunStatus } from '../../workflows/messages';
import { type Queries, unlessMissing } from './queries';

/** The attempt that goes on now, as far as it can be seen. */
export interface CurrentAttempt {
  readonly number: number;
  readonly phase: Phase | null;
  readonly message: string;
  readonly instance: LaunchedInstance | null;
  readonly instanceId: string | null;
  readonly startedAt: Instant;
  readonly checkpoint: RunStatus['checkpoint'];
  /** The step of the checkpoint that it goes on from; null when no worker answers. */
  readonly resumedAtStep: number | null;
  /** The last few ended attempts, and what all of them have cost, as it has carried them over; nothing without a worker. */
  readonly ended: Pick<RunStatus, 'attempts' | 'costUsd' | 'onDemandCostUsd'>;
  /** What people were warned of; null when no worker answers. */
  readonly alerts: RunStatus['alerts'] | null;
  /** The progress of the attempts before it. */
  readonly trace: ProgressTrace;
  /** The last poll's findings; null before the first one. */
  readonly details: WatchDetails | null;
  /** Whether a worker answered; without one only what Temporal itself keeps is known. */
  readonly isAnswered: boolean;
}

const watchActivity = 'watchTraining';

/** Reads the current attempt; null when the run has none yet, or none any more. */
export async function readCurrentAttempt(
  client: Client,
  runId: string,
  queries: Queries,
): Promise<CurrentAttempt | null> {
  const handle = client.workflow.getHandle(attemptWorkflowId(runId));
  const description = await unlessMissing(handle.describe());
  if (description?.status.name !== 'RUNNING') return null;
  const answer = await queries.ask(() => handle.query(status));
  const found = description.typedSearchAttributes;
  const pending = description.raw.pendingActivities?.find(
    ({ activityType }) => activityType?.name === watchActivity,
  );
  const [payload] = pending?.heartbeatDetails?.payloads ?? [];
  return {
    number: answer?.attemptNumber ?? found.get(searchAttributes.attempt) ?? 1,
    // The workflow sets only phases as the value of this attribute.
    phase: answer?.phase ?? (found.get(searchAttributes.phase) as Phase | undefined) ?? null,
    message: answer?.message ?? '',
    instance: answer?.instance ?? null,
    instanceId: answer?.instance?.instanceId ?? found.get(searchAttributes.instanceId) ?? null,
    startedAt: description.startTime.toISOString(),
    checkpoint: answer?.checkpoint ?? null,
    resumedAtStep: answer?.resumedAtStep ?? null,
    ended: answer ?? { attempts: [], costUsd: 0, onDemandCostUsd: 0 },
    alerts: answer?.alerts ?? null,
    trace: readTrace(answer?.trace),
    // Written by our own activity, whose contract says what the details are.
    details:
      payload === undefined ? null : defaultPayloadConverter.fromPayload<WatchDetails>(payload),
    isAnswered: answer !== null,
  };
}
