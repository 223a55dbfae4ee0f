import { ScheduleNotFoundError, WorkflowFailedError, type Client } from '@temporalio/client';
import { formatAlert, nameOf } from '../../domain/alerts';
import { accountAlertsId } from '../../domain/ids';
import type { AccountAlerts } from '../../workflows/account-alerts';
import { limits } from '../limits';
import { unlessMissing } from './queries';

/**
 * What the last look at the account has found in force, as sentences; empty when there was none yet. Needs no worker: the
 * result of that look is with the server.
 */
export async function readAccountWarnings(client: Client): Promise<readonly string[]> {
  const last = await lastLook(client);
  if (last === null) return [];
  const { inForce, raised } = last.alerts;
  // Of a threshold that was crossed again the last time counts.
  const latest = new Map(raised.map((alert) => [nameOf(alert), alert]));
  return [...latest]
    .filter(([name]) => inForce.includes(name))
    .map(([, alert]) => `${formatAlert(alert, null)} (${alert.at})`);
}

async function lastLook(client: Client): Promise<AccountAlerts | null> {
  try {
    const { info } = await client.schedule.getHandle(accountAlertsId).describe();
    // The newest may still be under way.
    for (const { action } of info.recentActions.toReversed().slice(0, limits.accountLooks)) {
      const { workflowId, firstExecutionRunId } = action.workflow;
      const handle = client.workflow.getHandle(workflowId, firstExecutionRunId);
      const description = await unlessMissing(handle.describe());
      if (description?.status.name !== 'COMPLETED') continue;
      return (await handle.result()) as AccountAlerts; // the result type of accountAlerts
    }
    return null;
  } catch (error) {
    // A worker of an earlier version made no such schedule.
    if (error instanceof ScheduleNotFoundError || error instanceof WorkflowFailedError) return null;
    throw error;
  }
}
