/** The help of one command: usage, options, settings, examples. */
import type { Command } from './command';
import type { CommandEntry } from './commands';

/** Two columns, the first as wide as its longest entry (at most 34). */
export function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.min(34, Math.max(...rows.map(([left]) => left.length)));
  return rows
    .map(([left, right]) =>
      left.length > width ? `  ${left}\n  ${' '.repeat(width)}  ${right}` : `  ${left.padEnd(width)}  ${right}`,
    )
    .join('\n');
}

/** The help of one command. */
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
