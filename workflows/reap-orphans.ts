import type { ReapReply } from '../activities/contract';
import { quick } from './activity-proxies';
import { showDetails } from './details';

/** Ends instances whose run is over, or unknown; runs on a schedule. */
export async function reapOrphans(): Promise<ReapReply> {
  const summary = 'End the instances that no run owns';
  const reaped = await quick.reapOrphans.executeWithOptions({ summary }, []);
  const ended = reaped.terminated.length === 0 ? 'none' : reaped.terminated.join(', ');
  showDetails(`Looked at ${reaped.examined} instances; ended: ${ended}.`);
  return reaped;
}
