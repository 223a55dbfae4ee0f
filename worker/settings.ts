import type { Pace } from '../activities';
import { defaultPace } from '../activities';
import type { CloudSettings } from '../aws/cloud-settings';
import { requireCloudSettings } from '../client/settings/cloud-settings';
import { loadSettings, settingsForLocalCloud } from '../client/settings/load-settings';
import { configuredTemporal, type TemporalTarget } from '../client/temporal-server/connect';

export interface WorkerSettings {
  readonly temporal: TemporalTarget;
  readonly cloud: CloudSettings;
  readonly pace: Pace;
  readonly warnings: readonly string[];
  readonly notes: readonly string[];
}

const localTemporal: TemporalTarget = {
  address: '127.0.0.1:7233',
  namespace: 'default',
  source: 'the default',
  options: {},
};

/**
 * Reads what a worker needs from the environment and the settings files, as the CLI does.
 *
 * @throws invalid-input  Names everything that is missing or wrong.
 */
export function readWorkerSettings(folder: string, environment: NodeJS.ProcessEnv): WorkerSettings {
  const loaded = loadSettings({ folder, environment });
  const values = loaded.values.cloud === 'local' ? settingsForLocalCloud(loaded) : loaded.values;
  const { poll_interval_seconds: pollSeconds, lease_seconds: leaseSeconds } = values;
  return {
    temporal: configuredTemporal(environment) ?? localTemporal,
    cloud: requireCloudSettings(values, 'worker'),
    pace: {
      ...defaultPace,
      ...(pollSeconds === undefined
        ? {}
        : {
            watchIntervalMs: pollSeconds * 1_000,
            bootIntervalMs: Math.min(defaultPace.bootIntervalMs, pollSeconds * 1_000),
          }),
      ...(leaseSeconds === undefined ? {} : { leaseSeconds }),
    },
    warnings: loaded.warnings,
    notes: loaded.notes,
  };
}
