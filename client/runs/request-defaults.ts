import type { SettingValues } from '../../settings/setting-keys';
import type { TrainRequest } from './train-request';

/** What the settings say for runs that do not say it themselves. */
export function requestDefaults(settings: SettingValues): Partial<TrainRequest> {
  const {
    instance_types: instanceTypes,
    zones,
    purchase,
    spot_max_price: spotMaxPriceUsdPerHour,
    checkpoint_keep_last: keepLastCheckpoints,
  } = settings;
  return {
    ...(instanceTypes === undefined ? {} : { instanceTypes }),
    ...(zones === undefined ? {} : { zones }),
    ...(purchase === undefined ? {} : { purchase }),
    ...(spotMaxPriceUsdPerHour === undefined ? {} : { spotMaxPriceUsdPerHour }),
    ...(keepLastCheckpoints === undefined ? {} : { keepLastCheckpoints }),
  };
}
