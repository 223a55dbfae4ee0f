import type { AlertSettings, Pace } from '../activities';
import { defaultPace } from '../activities';
import type { CloudSettings } from '../aws/cloud-settings';
import { defaultThresholds } from '../domain/alerts';
import { requireCloudSettings } from '../settings/cloud-settings';
import { instanceBounds, orOff } from '../settings/instance-bounds';
import { loadSettings, settingsForLocalCloud } from '../settings/load-settings';
import type { SettingValues } from '../settings/setting-keys';
import { configuredTemporal, type TemporalTarget } from '../temporal/connect';

export interface WorkerSettings {
  readonly temporal: TemporalTarget;
  readonly cloud: CloudSettings;
  readonly pace: Pace;
  readonly alerts: AlertSettings;
  /** Null is no limit. */
  readonly maxInstances: number | null;
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
    alerts: readAlertSettings(values),
    maxInstances: instanceBounds(values).maxInstances,
    warnings: loaded.warnings,
    notes: loaded.notes,
  };
}

function readAlertSettings(values: SettingValues): AlertSettings {
  const thresholds = defaultThresholds;
  return {
    thresholds: {
      runHours: orOff(values.alert_run_hours, thresholds.runHours),
      runUsd: orOff(values.alert_run_usd, thresholds.runUsd),
      runUsdPerHour: orOff(values.alert_run_usd_per_hour, thresholds.runUsdPerHour),
      warnsOfFallback: values.alert_on_demand_fallback ?? thresholds.warnsOfFallback,
      accountUsdPerHour: values.alert_account_usd_per_hour ?? thresholds.accountUsdPerHour,
      accountUsdPerDay: orOff(values.alert_account_usd_per_day, thresholds.accountUsdPerDay),
      instanceCount: instanceBounds(values).instanceCount,
    },
    command: values.alert_command ?? null,
    webhook: values.alert_webhook ?? null,
  };
}
