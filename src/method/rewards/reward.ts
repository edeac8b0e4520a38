/**
 * The interface of a reward: it scores the completions of questions, by rule, by a model, or by a function of the
 * user's.
 */

import type { Question } from '../../base/records/question';
import type { Rubric } from '../../base/records/rubric';

export interface Completion {
  readonly question: Question;
  readonly rubric?: Rubric;
  readonly text: string;
  /** Number of completion tokens, including the end token. */
  readonly tokens: number;
}

/** Scores completions, in their order; null where the reward cannot tell. `name` is the one in the settings. */
export interface Reward {
  readonly name: string;
  readonly weight: number;
  score(completions: readonly Completion[]): Promise<(number | null)[]>;
}
