import type { SettingName, SettingValues } from '../../settings/setting-keys';
import { formatTable } from './table';

export interface SettingRow {
  readonly name: string;
  readonly value: unknown;
  /** Where it was said: `.runctl.toml:3`, `RUNCTL_BUCKET`. */
  readonly place: string;
}

/** Every setting that is set, with the place where it was said. */
export function settingRows(
  values: SettingValues,
  places: Readonly<Partial<Record<SettingName, string>>>,
): SettingRow[] {
  const saidAt = new Map(Object.entries(places));
  return Object.entries(values).map(([name, value]) => ({
    name,
    value,
    place: saidAt.get(name) ?? '',
  }));
}

/** The rows as a table for people. */
export const settingsText = (rows: readonly SettingRow[]): string =>
  formatTable(
    ['SETTING', 'VALUE', 'FROM'],
    rows.map(({ name, value, place }) => [name, JSON.stringify(value), place]),
  );
