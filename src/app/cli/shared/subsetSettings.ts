/** Settings for commands that take only some of a training run's settings, such as evaluation and rubric generation. */
import { nearestName } from '../../../base/config/nearest';
import { settingValue } from '../../../base/config/resolve';
import { InputError } from '../../../base/records/errors';
import { profileDefaults, settingKind, trainSettings } from '../../../method/algorithms/settings';
import type { ParsedArguments } from './arguments';
import type { CommandSettings } from './command';
import { columns } from './textTable';

/** The settings that a command takes: single ones by full name, and one group whose members need no prefix. */
export interface Subset {
  readonly command: string;
  readonly names: readonly string[];
  /** With `evaluation`, for example, `samples` stands for `evaluation.samples`. */
  readonly group: string;
}

/** The settings in the order of the schema, by the names that the command uses. */
function fullNames({ names, group }: Subset): Map<string, string> {
  const inGroup = (name: string) => name.startsWith(`${group}.`);
  const full = trainSettings.settings.map(({ name }) => name).filter((name) => names.includes(name) || inGroup(name));
  return new Map(full.map((name) => [inGroup(name) ? name.slice(group.length + 1) : name, name]));
}

/** For a command that takes some of the settings. */
export function subsetSettings(subset: Subset): CommandSettings {
  const full = fullNames(subset);
  return {
    kind: (name) => settingKind(full.get(name) ?? name),
    help: () => {
      const defaults = profileDefaults('paper', 'rcsd');
      const rows = [...full].map(([short, name]): [string, string] => {
        const { allowed, help } = trainSettings.settings.find((setting) => setting.name === name) ?? {
          allowed: '',
          help: '',
        };
        return [`${short}=${settingValue(defaults, name) ?? ''}`, `${help} (${allowed})`];
      });
      return `Settings, with the defaults for real models (profile=microscience has its own):\n${columns(rows)}`;
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
    if (found !== undefined) return `${found}=${value}`;
    const near = nearestName(name, full.keys());
    const hint = near ? `did you mean ${near}?` : `see \`rcsd help ${subset.command}\`.`;
    throw new InputError(`rcsd ${subset.command} has no setting ${name}; ${hint}`);
  });
}
