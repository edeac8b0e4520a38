/** The settings of a training run in the commands' help, and their kinds. */

import type { TrainConfig } from '../../../base/config/configs';
import { settingValue } from '../../../base/config/resolve';
import { resolveTrainConfig, settingKind, trainSettings } from '../../../method/algorithms/settings';
import type { CommandSettings } from './command';
import { columns } from './textTable';

/** The settings that the help shows: those of the profile among the words, else those of the command without any. */
export function shownConfig(words: readonly string[]): TrainConfig {
  const named = words.map((word) => /^(?:(?:--)?profile=)?(paper|released|microscience)$/.exec(word)?.[1]);
  const profile = named.find((name) => name !== undefined);
  return resolveTrainConfig({ overrides: profile === undefined ? [] : [`profile=${profile}`] });
}

/** Whose defaults the help shows, which are taken when, and how to see others. */
export const profileSentence = (command: string, words: readonly string[]): string =>
  `Settings, with the defaults of profile=${shownConfig(words).profile}. Without a profile, microscience is taken where model or data is microscience or
neither is named, else paper. Other defaults: rcsd help ${command} paper, released or microscience.`;

/** Setting names without the stage, each once, with the default of one stage or of both. */
function settingRows(config: TrainConfig, hidden: readonly string[]): [string, string][] {
  const shown = (name: string): string => {
    const value = settingValue(config, name);
    return Array.isArray(value) ? value.join(',') : String(value ?? '');
  };
  return trainSettings.settings
    .filter(({ name }) => !name.startsWith('stage2.') && !hidden.includes(name))
    .map(({ name, allowed, help }) => {
      const inner = name.replace(/^stage1\./, '');
      const [first, second] = [shown(name), name === inner ? shown(name) : shown(`stage2.${inner}`)];
      return [`${inner}=${first === second ? first : `${first} | ${second}`}`, `${help} (${allowed})`];
    });
}

const settingsHelp = (sentence: string, rows: readonly [string, string][]): string => `${sentence}
Stage I | stage II where they differ; write stage1.NAME or stage2.NAME for one stage.
${columns(rows)}
Short names: learning_rate, temperature and the other members of optimizer and sampling; rank, alpha; seed; thinking.`;

/** For commands that take a training run's settings and its usual defaults. */
export const settingsOfTraining = (command: string): CommandSettings => ({
  kind: settingKind,
  help: (words) => settingsHelp(profileSentence(command, words), settingRows(shownConfig(words), [])),
});

/** For commands that always begin with the profile of the embedded model; `hidden` are options of the command itself. */
export const settingsOfEmbedded = (hidden: readonly string[]): CommandSettings => ({
  kind: settingKind,
  help: () =>
    settingsHelp(
      'Settings, with the defaults of profile=microscience, which this command begins with.',
      settingRows(shownConfig(['microscience']), hidden),
    ),
});
