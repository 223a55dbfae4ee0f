import { defaultMaxInstances, defaultThresholds } from '../domain/alerts';
import type { SettingValues } from './setting-keys';

/** 0 switches off what has a default. */
export const orOff = (value: number | undefined, whenUnset: number | null): number | null =>
  value === undefined ? whenUnset : value === 0 ? null : value;

/** From how many instances on people are warned, and with how many no other is launched. */
export const instanceBounds = (
  values: SettingValues,
): { readonly instanceCount: number | null; readonly maxInstances: number | null } => ({
  instanceCount: orOff(values.alert_instances, defaultThresholds.instanceCount),
  maxInstances: orOff(values.alert_max_instances, defaultMaxInstances),
});
