import { ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { accountAlertsId } from '../domain/ids';
import { ensureSchedule } from './ensure-schedule';
import { workerLimits } from './limits';

/** Makes the schedule that warns of what all runs cost together, or brings it up to date. Idempotent. */
export function ensureAccountSchedule(client: Client): Promise<void> {
  return ensureSchedule(client, {
    scheduleId: accountAlertsId,
    workflowType: 'accountAlerts',
    intervalMinutes: workerLimits.accountIntervalMinutes,
    timeoutMinutes: workerLimits.accountTimeoutMinutes,
  });
}

/** Looks now; after a look that is under way, since that may have begun before the news. */
export function lookAtAccount(client: Client): Promise<void> {
  return client.schedule.getHandle(accountAlertsId).trigger(ScheduleOverlapPolicy.BUFFER_ONE);
}
