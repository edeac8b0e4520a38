/** Settings for commands that take only some of a training run's settings, such as evaluation and rubric generation. */
import { nearestName } from '../../../base/config/nearest';
import { settingValue } from '../../../base/config/resolve';
import { InputError } from '../../../base/records/errors';
import { settingKind, trainSettings } from '../../../method/algorithms/settings';
import type { ParsedArguments } from './arguments';
import type { CommandSettings } from './command';
import { columns } from './textTable';
import { profileSentence, shownConfig } from './trainSettings';

/** A command that takes those settings of a training run whose declaration names it. */
export interface Subset {
  readonly command: string;
  /** A group whose members need no prefix: with `evaluation`, `samples` stands for `evaluation.samples`. */
  readonly group?: string;
  /** Defaults that are the command's own. */
  readonly defaults?: Readonly<Record<string, string>>;
}

/** The settings in the order of their declaration, by the name that the command uses; a stage's without the stage. */
function fullNames({ command, group }: Subset): Map<string, string> {
  const full = trainSettings.settings.filter(({ commands }) => commands.includes(command)).map(({ name }) => name);
  const short = (name: string): string =>
    group !== undefined && name.startsWith(`${group}.`) ? name.slice(group.length + 1) : name.replace(/^stage2\./, '');
  return new Map(full.filter((name) => !name.startsWith('stage1.')).map((name) => [short(name), name]));
}

/** For a command that takes some of the settings. */
export function subsetSettings(subset: Subset): CommandSettings {
  const full = fullNames(subset);
  return {
    kind: (name) => settingKind(full.get(name) ?? name),
    help: (words) => {
      const config = shownConfig(words);
      const rows = [...full].map(([short, name]): [string, string] => {
        const { allowed, help } = trainSettings.settings.find((setting) => setting.name === name) ?? {
          allowed: '',
          help: '',
        };
        const value = subset.defaults?.[name] ?? settingValue(config, name) ?? '';
        return [`${short}=${value}`, `${help} (${allowed})`];
      });
      return `${profileSentence(subset.command, words)}\n${columns(rows)}`;
    },
  };
}

/** The command's settings under the names that `resolveTrainConfig` uses. Throws InputError for any other setting. */
export function subsetOverrides(args: ParsedArguments, subset: Subset): string[] {
  const full = fullNames(subset);
  const known = new Map([...full, ...[...full.values()].map((name): [string, string] => [name, name])]);
  return args.overrides.map((override) => {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(override) ?? [];
    const found = known.get(name);
    // `thinking` stands for both sides, as in training.
    if (name === 'thinking' && full.has('thinking.student')) return override;
    // Without the stage, a setting that both stages have is set in both.
    if (found !== undefined) return `${name === found ? found : found.replace(/^stage2\./, '')}=${value}`;
    const near = nearestName(name, full.keys());
    const hint = near ? `did you mean ${near}?` : `see \`rcsd help ${subset.command}\`.`;
    throw new InputError(`rcsd ${subset.command} has no setting ${name}; ${hint}`);
  });
}
