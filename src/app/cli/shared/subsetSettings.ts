/** Commands that take a few of a training run's settings: evaluation and the writing of rubrics. */
import { nearestName } from '../../../base/config/nearest';
import { settingKind, settingValue } from '../../../base/config/resolve';
import { trainSettings } from '../../../base/config/schema';
import { InputError } from '../../../base/records/errors';
import type { ParsedArguments } from './arguments';
import type { CommandSettings } from './command';
import { columns } from './textTable';
import { profileSentence, shownConfig } from './trainSettings';

/** Which settings a command takes: whole names, and one group whose members go by their own names. */
export interface Subset {
  readonly command: string;
  readonly names: readonly string[];
  /** E.g. `evaluation`: `samples` then stands for `evaluation.samples`. */
  readonly group: string;
  /** Members of the group that the command has no use for. */
  readonly without?: readonly string[];
  /** Defaults that are the command's own. */
  readonly defaults?: Readonly<Record<string, string>>;
}

/** The settings in the order of the schema, by the name the command uses. */
function fullNames({ names, group, without = [] }: Subset): Map<string, string> {
  const inGroup = (name: string) => name.startsWith(`${group}.`) && !without.includes(name.slice(group.length + 1));
  const full = trainSettings.settings.map(({ name }) => name).filter((name) => names.includes(name) || inGroup(name));
  return new Map(full.map((name) => [inGroup(name) ? name.slice(group.length + 1) : name, name]));
}

/** The settings part of such a command. */
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

/** The command's settings under the names that `resolveTrainConfig` knows. Throws InputError for any other setting. */
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
