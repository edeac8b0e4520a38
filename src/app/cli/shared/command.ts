/** The type of a command. Each command file exports one; commands.ts lists them. */

import type { ProgressPrinter } from '../../../base/records/progress';
import type { Option, ParsedArguments } from './arguments';

/** What a running command gets besides its arguments. */
export interface CommandContext {
  /** Aborted by the first Ctrl-C; commands pass it to long operations. */
  readonly signal: AbortSignal;
  /** Shows progress on standard error. */
  readonly progress: ProgressPrinter;
}

/** The settings that a command takes. */
export interface CommandSettings {
  /** Kind of a setting by any of its names; undefined for an unknown name. */
  kind(name: string): string | undefined;
  /** Their part of the help; `words` are the words after the command's name. */
  help(words: readonly string[]): string;
}

export interface Command {
  /** Positional arguments as in the usage line, e.g. `NAME`; absent if there are none. */
  readonly positionals?: string;
  readonly options: readonly Option[];
  /** Settings that the command takes besides its options. */
  readonly settings?: CommandSettings;
  readonly examples: readonly string[];
  /** What the command does, reads and writes. */
  readonly notes?: string;
  run(args: ParsedArguments, context: CommandContext): Promise<void>;
}

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: Command }>;
}
