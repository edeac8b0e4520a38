/** Configurations without groups or short names: defaults, then a file, then `name=value` pairs. */
import { InputError } from '../records/errors';
import { nearestName } from './nearest';
import type { SettingsTable } from './setting';
import { type ConfigSources, readEntries } from './sources';

/** The settings of one command with their defaults. */
export interface FlatSettings<Config> {
  /** The command's name, for messages. */
  readonly command: string;
  readonly table: SettingsTable<Config>;
  readonly defaults: Config;
}

/** The complete configuration. Throws InputError for unknown names and for values out of range. */
export function resolveFlat<Config extends object>(
  { command, table, defaults }: FlatSettings<Config>,
  sources: ConfigSources,
): Config {
  const names = table.settings.map(({ name }) => name);
  const entries = readEntries(sources, ({ name, value }) => {
    if (names.includes(name)) return [{ name, value: table.check(name, value) }];
    const near = nearestName(name, names);
    throw new InputError(
      `There is no setting ${name}; ${near ? `did you mean ${near}?` : `see \`rcsd help ${command}\`.`}`,
    );
  });
  return { ...defaults, ...Object.fromEntries(entries.map(({ name, value }) => [name, value])) };
}
