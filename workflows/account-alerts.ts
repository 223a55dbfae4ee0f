import { workflowInfo } from '@temporalio/workflow';
import { noAlerts, raiseAlerts, type AlertState } from '../domain/alerts';
import { formatUsd } from '../domain/format';
import { accountAlertsId } from '../domain/ids';
import { isObject } from '../domain/json-reader';
import { plural } from '../domain/text';
import { quick } from './activity-proxies';
import { startDeliveries } from './alert-delivery';
import { showDetails } from './details';

/** What a look at the account has found; the next one goes on from it. */
export interface AccountAlerts {
  readonly alerts: AlertState;
  readonly instanceCount: number;
  readonly pricePerHourUsd: number | null;
}

/**
 * Warns of what all runs of the account and region cost together; runs on a schedule. The schedule hands the last result
 * on, so what was warned of is known without a database.
 */
export async function accountAlerts(): Promise<AccountAlerts> {
  const before = readState(workflowInfo().lastResult);
  const summary = 'Look at what all runs cost together';
  const { inForce } = before;
  const seen = await quick.checkAccount.executeWithOptions({ summary }, [{ inForce }]);
  const { instanceCount, pricePerHourUsd } = seen;
  const price = pricePerHourUsd === null ? 'an unknown price' : `${formatUsd(pricePerHourUsd)}/h`;
  showDetails(`${plural(instanceCount, 'instance')} at ${price}`);
  // The count may begin anew when somebody makes the schedule again; the moment does not.
  const at = new Date().toISOString();
  const scope = `${accountAlertsId}/${at}`;
  const { state, alerts } = raiseAlerts(before, seen.alerts, { runId: null, scope, at });
  await startDeliveries(alerts);
  return { alerts: state, instanceCount, pricePerHourUsd };
}

/** The first look, and one after a schedule that was made again, know nothing. */
function readState(lastResult: unknown): AlertState {
  const alerts = isObject(lastResult) ? lastResult['alerts'] : null;
  if (!isObject(alerts) || !Array.isArray(alerts['inForce'])) return noAlerts;
  // Only this workflow writes it.
  return { ...noAlerts, ...(alerts as Partial<AlertState>) };
}
