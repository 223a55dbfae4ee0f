import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { taskQueues } from '../domain/ids';
import { workerLimits } from './limits';

const scheduleId = 'reap';

/** Makes the schedule that ends instances nobody owns, or brings it up to date. Idempotent. */
export async function ensureReapSchedule(client: Client): Promise<void> {
  const schedule = {
    spec: { intervals: [{ every: `${workerLimits.reapIntervalMinutes} minutes` as const }] },
    policies: {
      overlap: ScheduleOverlapPolicy.SKIP,
      catchupWindow: `${workerLimits.reapCatchUpMinutes} minutes` as const,
    },
    action: {
      type: 'startWorkflow' as const,
      workflowType: 'reapOrphans',
      workflowId: scheduleId,
      taskQueue: taskQueues.workflows,
      args: [],
      // Unlike a run it owns nothing, so being ended in the middle harms nobody.
      workflowRunTimeout: `${workerLimits.reapTimeoutMinutes} minutes` as const,
    },
  };
  try {
    await client.schedule.create({ scheduleId, ...schedule });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    // What an earlier version of runctl made may differ; whether somebody paused it stays theirs.
    await client.schedule.getHandle(scheduleId).update(({ state }) => ({ ...schedule, state }));
  }
}
