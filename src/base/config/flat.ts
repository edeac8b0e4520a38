/** Configurations without groups or short names: defaults, then a file, then `name=value` pairs. */
import { InputError } from '../records/errors';
import { nearestName } from './nearest';
import type { SettingsTable } from './setting';
import { type ConfigSources, type Entry, readEntries } from './sources';

/** The settings of one command with their defaults. */
export interface FlatSettings<Config> {
  /** The command's name, for messages. */
  readonly command: string;
  readonly table: SettingsTable<Config>;
}

/** The complete configuration. Throws InputError for unknown names and for values out of range. */
export function resolveFlat<Config extends object>(
  { command, table }: FlatSettings<Config>,
  sources: ConfigSources,
): Config {
  const names = table.settings.map(({ name }) => name);
  const expand = ({ name, value }: Entry): Entry[] => {
    if (names.includes(name)) return [{ name, value: table.check(name, value) }];
    const near = nearestName(name, names);
    throw new InputError(
      `There is no setting ${name}; ${near ? `did you mean ${near}?` : `see \`rcsd help ${command}\`.`}`,
    );
  };
  const entries = readEntries(sources, { expand, table });
  return { ...table.defaults, ...Object.fromEntries(entries.map(({ name, value }) => [name, value])) };
}
