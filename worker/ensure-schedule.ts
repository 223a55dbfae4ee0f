import { ScheduleAlreadyRunning, ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { taskQueues } from '../domain/ids';
import { workerLimits } from './limits';

/** Makes a schedule that starts a workflow without input every few minutes, or brings it up to date. Idempotent. */
export async function ensureSchedule(
  client: Client,
  of: {
    readonly scheduleId: string;
    readonly workflowType: string;
    readonly intervalMinutes: number;
    readonly timeoutMinutes: number;
  },
): Promise<void> {
  const { scheduleId, workflowType, intervalMinutes, timeoutMinutes } = of;
  const schedule = {
    spec: { intervals: [{ every: `${intervalMinutes} minutes` as const }] },
    policies: {
      overlap: ScheduleOverlapPolicy.SKIP,
      catchupWindow: `${workerLimits.scheduleCatchUpMinutes} minutes` as const,
    },
    action: {
      type: 'startWorkflow' as const,
      workflowType,
      workflowId: scheduleId,
      taskQueue: taskQueues.workflows,
      args: [],
      // Unlike a run it owns nothing, so being ended in the middle harms nobody.
      workflowRunTimeout: `${timeoutMinutes} minutes` as const,
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
