/** What a command is made of. Each command file exports one; commands.ts lists them. */

import type { ProgressPrinter } from '../../../base/records/progress';
import type { Option, ParsedArguments } from './arguments';

/** What a running command has at hand besides its arguments. */
export interface CommandContext {
  /** Aborted by the first Ctrl-C; long operations take it. */
  readonly signal: AbortSignal;
  /** Progress on standard error. */
  readonly progress: ProgressPrinter;
}

/** The settings of a run as a command sees them. */
export interface CommandSettings {
  /** Kind of a setting by any of its names, undefined for an unknown one. */
  kind(name: string): string | undefined;
  /** Their part of the help; `words` are what stands behind the command's name. */
  help(words: readonly string[]): string;
}

/** One command of the program. */
export interface Command {
  /** Positional arguments as shown in the usage line, e.g. `NAME`; without it there are none. */
  readonly positionals?: string;
  readonly options: readonly Option[];
  /** Settings that the command takes besides its options. */
  readonly settings?: CommandSettings;
  readonly examples: readonly string[];
  /** More about what it reads and writes. */
  readonly notes?: string;
  run(args: ParsedArguments, context: CommandContext): Promise<void>;
}

/** One entry of the list of commands. */
export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: Command }>;
}
