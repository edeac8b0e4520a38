/**
 * What `rcsd` and `rcsd --help` print. Kept apart from help.ts, so that the overview does not load the schema of the
 * settings.
 */
import type { CommandEntry } from './shared/command';

export function overview(commands: readonly CommandEntry[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return `rcsd: Rubric-Conditioned Self-Distillation as a TypeScript laboratory

Usage: rcsd COMMAND [--config FILE] [name=value ...]

${commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}
  ${'help COMMAND'.padEnd(width)}  options, settings and examples of a command
  ${'version'.padEnd(width)}  the version of this program

--name value, --name=value and name=value are the same. An error is one sentence on standard error. The exit status is 2 for
wrong input, 1 for a failure of the program and 130 after Ctrl-C; DEBUG=1 adds the stack trace.
`;
}
