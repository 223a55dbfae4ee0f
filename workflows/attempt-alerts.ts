import { getExternalWorkflowHandle, workflowInfo } from '@temporalio/workflow';
import { raiseAlerts, type AlertUpdate } from '../domain/alerts';
import { runWorkflowId } from '../domain/ids';
import { startDeliveries } from './alert-delivery';
import type { Turn } from './attempt-turn';
import { alertsRaised } from './messages';

/** Takes in what a look has found: tells people of what is new, the parent too, and remembers the rest. */
export async function takeInAlerts(
  turn: Turn,
  update: AlertUpdate | null | undefined,
): Promise<void> {
  if (update === null || update === undefined) return;
  const { runId } = turn.spec;
  const of = { runId, scope: runWorkflowId(runId), at: new Date().toISOString() };
  const { state, alerts } = raiseAlerts(turn.alerts, update, of);
  turn.alerts = state;
  if (alerts.length === 0) return;
  turn.view.showAlerts();
  await startDeliveries(alerts);
  await tellParent(turn);
}

async function tellParent({ alerts }: Turn): Promise<void> {
  const { parent } = workflowInfo();
  if (parent === undefined) return;
  try {
    await getExternalWorkflowHandle(parent.workflowId).signal(alertsRaised, {
      alerts: alerts.raised,
    });
  } catch {
    // The parent was ended from outside: there is nobody to show it to.
  }
}
