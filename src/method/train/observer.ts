/** A type of the public surface, in a file of its own: the loop's own types lead to TensorFlow's, which do not compile everywhere. */
import type { LanguageModel } from '../../engine/model/model';

/** Whoever wants to look at the student while it learns. */
export interface Observer {
  /** Steps between two looks; the first is at the untrained student, step 0. */
  readonly every: number;
  readonly look: (student: LanguageModel, step: number) => Promise<void>;
}
