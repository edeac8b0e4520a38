/** What a reward is: a function of a question's completions, by rule, by a model, or of the user's own. */

import type { Question } from '../../base/records/question';
import type { Rubric } from '../../base/records/rubric';

/** One completion as a reward sees it. */
export interface Completion {
  readonly question: Question;
  readonly rubric?: Rubric;
  readonly text: string;
  /** Completion tokens, the end token included. */
  readonly tokens: number;
}

/** Scores completions in their order; null where it cannot tell. Its name is the settings'. */
export interface Reward {
  readonly name: string;
  readonly weight: number;
  score(completions: readonly Completion[]): Promise<(number | null)[]>;
}
