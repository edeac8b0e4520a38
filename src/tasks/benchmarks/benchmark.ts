/** A published benchmark: where it comes from, and how its official files become questions. */
import type { Question } from '../question';

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
  /** What the format was checked against; `verified` is false where no published file or reader of it could be seen. */
  readonly format: { readonly verified: boolean; readonly note: string };
  /** Its place on the hub, for the openly licensed ones. */
  readonly hub?: { readonly repo: string; readonly files: readonly string[] };
  /** Reads the official file or folder. Throws InputError naming file and line of a malformed row. */
  read(path: string): Promise<Question[]>;
}
