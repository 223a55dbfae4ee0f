import { startChild, ParentClosePolicy } from '@temporalio/workflow';
import type { AlertDelivery } from '../activities/contract';
import type { Alert } from '../domain/alerts';
import { alertWorkflowId } from '../domain/ids';
import { notify } from './activity-proxies';
import { showDetails } from './details';

/**
 * Tells people of one alert. A workflow of its own, so that a notification that fails is tried for long without holding up
 * the run that it is about, also after that run has ended.
 */
export async function alertDelivery(alert: Alert): Promise<AlertDelivery> {
  showDetails(`${alert.message}\n\n${alert.next}`);
  return notify.deliverAlert.executeWithOptions({ summary: alert.message }, [alert]);
}

/** Starts the delivery of each alert, and does not wait for it. Never throws: a run does not suffer from an alert. */
export async function startDeliveries(alerts: readonly Alert[]): Promise<void> {
  for (const alert of alerts) {
    try {
      await startChild<typeof alertDelivery>('alertDelivery', {
        workflowId: alertWorkflowId(alert.key),
        args: [alert],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: alert.message,
      });
    } catch {
      // A delivery of that key goes on already.
    }
  }
}
