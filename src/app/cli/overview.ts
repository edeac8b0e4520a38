/** What `rcsd` and `rcsd --help` print. Apart from help.ts, which loads the schema of the settings. */
import type { CommandEntry } from './shared/command';

/** One line a command. */
export function overview(commands: readonly CommandEntry[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return `rcsd: Rubric-Conditioned Self-Distillation as a TypeScript laboratory

Usage: rcsd COMMAND [--config FILE] [name=value ...]

${commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join('\n')}
  ${'help COMMAND'.padEnd(width)}  options, settings and examples of a command
  ${'version'.padEnd(width)}  the version of this program

--name value, --name=value and name=value are the same. Errors come as one sentence on standard error with exit status
2 for wrong input, 1 for a failure of the program and 130 after Ctrl-C; DEBUG=1 adds the stack trace.
`;
}
