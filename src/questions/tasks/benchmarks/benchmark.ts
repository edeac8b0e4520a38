/** A published benchmark: where it comes from, and how its official files become questions. */
import type { Question } from '../../../base/records/question';

/** Takes what is worth telling about the files read: which form they are in, what was left out and why. */
export type Note = (text: string) => void;

/** One benchmark in one of its published forms. */
export interface Benchmark {
  /** Name on the command line and in results, `gpqa-diamond`. */
  readonly name: string;
  readonly title: string;
  /** How its answers are judged. */
  readonly kind: 'multiple-choice' | 'numeric' | 'math' | 'rubric';
  /** Where to get it, for a reader. */
  readonly source: string;
  readonly licence: string;
  /** Questions in the split that is evaluated, as published; absent where the number differs by distribution. */
  readonly size?: number;
  /** `columns` in the words of the published files; `note` says what they were checked against, and where the files were not seen. */
  readonly format: { readonly columns: string; readonly note: string };
  /** Its place on the hub, for the openly licensed ones; `*` in `files` stands for any characters. */
  readonly hub?: { readonly repo: string; readonly files: readonly string[] };
  /** Files that belong to a single one and are read beside it. */
  readonly companions?: (file: string) => readonly string[];
  /** Reads the official file or folder. Throws InputError naming file and line of a malformed row. */
  read(path: string, note?: Note): Promise<Question[]>;
}
