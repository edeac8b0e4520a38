/** The settings of a training run in the commands' help, and their kinds. */

import type { TrainConfig } from '../../../base/config/configs';
import { settingValue } from '../../../base/config/resolve';
import { profileDefaults, settingKind, trainSettings } from '../../../method/algorithms/settings';
import type { CommandSettings } from './command';
import { columns } from './textTable';

/**
 * Setting names without the stage, each once, with its default, or with the defaults of both stages where they differ.
 */
function settingRows(profile: TrainConfig['profile']): [string, string][] {
  const defaults = profileDefaults(profile, 'rcsd');
  const shown = (name: string): string => {
    const value = settingValue(defaults, name);
    return Array.isArray(value) ? value.join(',') : String(value ?? '');
  };
  return trainSettings.settings
    .filter(({ name }) => !name.startsWith('stage2.'))
    .map(({ name, allowed, help }) => {
      const inner = name.replace(/^stage1\./, '');
      const [first, second] = [shown(name), name === inner ? shown(name) : shown(`stage2.${inner}`)];
      return [`${inner}=${first === second ? first : `${first} | ${second}`}`, `${help} (${allowed})`];
    });
}

function settingsHelp(profile: TrainConfig['profile']): string {
  return `Settings, with the defaults of profile=${profile} (stage I | stage II where they differ; write stage1.NAME or
stage2.NAME for one stage; other defaults: rcsd help train paper, released or microscience):
${columns(settingRows(profile))}
Short names: learning_rate, temperature and the other members of optimizer and sampling; rank, alpha; seed; thinking.`;
}

/** For commands that take a training run's settings. */
export const TRAIN_SETTINGS: CommandSettings = {
  kind: settingKind,
  help: (words) => {
    const others: readonly TrainConfig['profile'][] = ['released', 'microscience'];
    return settingsHelp(others.find((name) => words.some((word) => word.endsWith(name))) ?? 'paper');
  },
};
