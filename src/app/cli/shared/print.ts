/** What commands write for people. All of it passes here, so that no name and no text of others can steer the terminal. */
import { markUnprintable } from '../../../base/records/printable';

/** Writes a command's result to standard output. */
export function print(text: string): void {
  process.stdout.write(markUnprintable(text));
}

/** Writes to standard error what only accompanies the result. */
export function printBeside(text: string): void {
  process.stderr.write(markUnprintable(text));
}
