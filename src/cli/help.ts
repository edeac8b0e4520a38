/** Help texts: the list of commands, and one command with its options, settings and examples. */
import { profileDefaults } from '../config/profiles';
import { settingValue } from '../config/resolve';
import { SETTINGS } from '../config/schema';
import type { TrainConfig } from '../config/train';
import type { Command } from './command';
import type { CommandEntry } from './commands';

/** Two columns, the first as wide as its longest entry (at most 34). */
function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)));
  return rows
    .map(([left, right]) =>
      left.length > width ? `  ${left}\n  ${' '.repeat(width)}  ${right}` : `  ${left.padEnd(width)}  ${right}`,
    )
    .join('\n');
}

/** Setting names without the stage, each once, with the default of one stage or of both. */
function settingRows(profile: TrainConfig['profile']): [string, string][] {
  const defaults = profileDefaults(profile, 'rcsd');
  const shown = (name: string): string => {
    const value = settingValue(defaults, name);
    return Array.isArray(value) ? value.join(',') : String(value ?? '');
  };
  return SETTINGS.filter(({ name }) => !name.startsWith('stage2.')).map(({ name, allowed, help }) => {
    const inner = name.replace(/^stage1\./, '');
    const [first, second] = [shown(name), name === inner ? shown(name) : shown(`stage2.${inner}`)];
    return [`${inner}=${first === second ? first : `${first} | ${second}`}`, `${help} (${allowed})`];
  });
}

function settingsHelp(profile: TrainConfig['profile']): string {
  return `
Settings, with the defaults of profile=${profile} (stage I | stage II where they differ; write stage1.NAME or
stage2.NAME for one stage; other defaults: rcsd help train paper, released or microscience):
${columns(settingRows(profile))}
Short names: learning_rate, temperature and the other members of optimizer and sampling; rank, alpha; seed; thinking.
`;
}

/** The help of one command. */
export function commandHelp(entry: CommandEntry, command: Command, profile: TrainConfig['profile']): string {
  const options = command.options.map(({ name, value, help }): [string, string] => [
    value ? `--${name} ${value}` : `--${name}`,
    help,
  ]);
  return [
    `rcsd ${entry.name}: ${entry.summary}`,
    '',
    `Usage: rcsd ${entry.name}${command.positionals ? ` ${command.positionals}` : ''}${command.settings ? ' [--config FILE] [name=value ...]' : ' [options]'}`,
    ...(command.notes ? ['', command.notes] : []),
    ...(options.length > 0
      ? ['', 'Options (--name value, --name=value and name=value are the same):', columns(options)]
      : []),
    ...(command.settings ? [settingsHelp(profile)] : ['']),
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
    '',
  ].join('\n');
}
