/** The description of a published benchmark: where it comes from, and how its official files become questions. */
import type { Question } from '../../../base/records/question';

/** Takes remarks about the files that were read: which form they have, what was left out and why. */
export type Note = (text: string) => void;

/** One benchmark in one of its published forms. */
export interface Benchmark {
  /** Name on the command line and in results, e.g. `gpqa-diamond`. */
  readonly name: string;
  readonly title: string;
  /** How its answers are judged. */
  readonly kind: 'multiple-choice' | 'numeric' | 'math' | 'rubric';
  /** How far its numbers may be off by its own rule, as `metadata.tolerance` says it; without it, its numbers are graded strictly. */
  readonly tolerance?: string;
  /** Where a reader can get it. */
  readonly source: string;
  readonly licence: string;
  /** Number of questions in the split that is evaluated, as published; absent where distributions differ. */
  readonly size?: number;
  /** `columns` in the words of the published files; `note` says what they were checked against, and where the files were not seen. */
  readonly format: { readonly columns: string; readonly note: string };
  /** Its place on the hub, for openly licensed benchmarks; `*` in `files` stands for any characters. */
  readonly hub?: { readonly repo: string; readonly files: readonly string[] };
  /** Names of the files that belong to a given one and must be read with it. */
  readonly companions?: (file: string) => readonly string[];
  /** Reads the official file or folder. Throws InputError naming file and line of a malformed row. */
  read(path: string, note?: Note): Promise<Question[]>;
}
