/** The settings of training runs with the algorithms that are here: base/config knows how settings work, and no algorithm. */
import type { TrainConfig } from '../../base/config/configs';
import type { TrainInput } from '../../base/config/input';
import { trainSettingsWith } from '../../base/config/resolve';
import { ALGORITHMS } from './index';

const settings = trainSettingsWith(ALGORITHMS);

/** The table of all settings. */
export const trainSettings = settings.table;
/** The functions of `TrainSettings` in base/config/resolve.ts, for these algorithms. */
export const {
  resolve: resolveTrainConfig,
  frozen: frozenTrainConfig,
  defaults: profileDefaults,
  describe: describeConfig,
  kind: settingKind,
  expand: expandSetting,
} = settings;

/**
 * The complete, checked configuration of a run from the settings that differ from the profile:
 * `trainConfig({ algorithm: 'opsd', steps: 20 })`. Throws InputError for settings that could not train.
 */
export const trainConfig = (input: TrainInput = {}): TrainConfig => resolveTrainConfig({ settings: input });
