/** Settings for commands whose configuration has no groups, as the command line and the help need them. */
import type { SettingsTable } from '../../../base/config/setting';
import type { CommandSettings } from './command';
import { columns } from './textTable';

/** For a command that takes all settings of one table. */
export function flatSettings<Config extends object>(table: SettingsTable<Config>): CommandSettings {
  const values = new Map(Object.entries(table.defaults));
  return {
    kind: (name) => table.settings.find((setting) => setting.name === name)?.kind,
    help: () => {
      const rows = table.settings.map(({ name, allowed, help }): [string, string] => [
        `${name}=${values.get(name)}`,
        `${help} (${allowed})`,
      ]);
      return `Settings:\n${columns(rows)}`;
    },
  };
}
