import type { LocalCloudAdmin } from '../../client/local-cloud/admin-client';
import type { PhaseName } from './plan';

/** Longer than any batch lasts; the faults go before. */
const always = { count: 1_000_000 };
const bootSeconds = 25;

/** What makes the cloud keep runs in a phase; a phase without an entry lasts by itself, or is made to by the script. */
const faults: Partial<Record<PhaseName, Readonly<Record<string, unknown>>>> = {
  placing: { kind: 'error', operation: 'GetObject', status: 503, code: 'SlowDown', ...always },
  'waiting-for-capacity': { kind: 'capacity-shortage' },
  launching: { kind: 'throttle', operation: 'CreateFleet', ...always },
  booting: { kind: 'slow-boot', seconds: bootSeconds, ...always },
  starting: { kind: 'throttle', operation: 'SendCommand', ...always },
  releasing: { kind: 'throttle', operation: 'TerminateInstances', ...always },
};

/** What a run's status says in the phase. */
export const shownAs: Record<PhaseName, string> = {
  placing: 'placing',
  'waiting-for-capacity': 'waiting-for-capacity',
  launching: 'launching',
  booting: 'preparing',
  starting: 'preparing',
  training: 'training',
  saving: 'saving',
  releasing: 'releasing',
};

/** The phases in which a run has no trainer yet: a disturbance that needs one comes to nothing. */
export const isBeforeTraining = (phase: PhaseName): boolean =>
  !['training', 'saving', 'releasing'].includes(phase);

/** Replaces the faults of the cloud by those that hold runs in the phase. */
export async function hold(admin: LocalCloudAdmin, phase: PhaseName): Promise<void> {
  const fault = faults[phase];
  await admin.removeFaults();
  if (fault !== undefined) await admin.addFault(fault);
}
