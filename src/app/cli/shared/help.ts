/** Builds the help of one command: usage, notes, options, settings, examples. */

import type { Command, CommandEntry } from './command';
import { columns } from './textTable';

export function commandHelp(entry: CommandEntry, command: Command, words: readonly string[]): string {
  const options = command.options.map(({ name, value, optional, help }): [string, string] => [
    value ? `--${name} ${optional ? `[${value}]` : value}` : `--${name}`,
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
    ...(command.settings ? ['', command.settings.help(words)] : []),
    '',
    'Examples:',
    ...command.examples.map((example) => `  ${example}`),
    '',
  ].join('\n');
}
