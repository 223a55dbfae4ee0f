import type { Client } from '@temporalio/client';
import { ensureSchedule } from './ensure-schedule';
import { workerLimits } from './limits';

/** Makes the schedule that ends instances nobody owns, or brings it up to date. Idempotent. */
export function ensureReapSchedule(client: Client): Promise<void> {
  return ensureSchedule(client, {
    scheduleId: 'reap',
    workflowType: 'reapOrphans',
    intervalMinutes: workerLimits.reapIntervalMinutes,
    timeoutMinutes: workerLimits.reapTimeoutMinutes,
  });
}
