/** Rewards by rule: the right answer, an answer in a box, and a length that stays within bounds. */

import { hashString, hashWords, uniformAt } from '../../engine/tensors/random';
import { lastBoxed } from '../../questions/grading/extraction';
import { dropThinking } from '../../questions/grading/thinking';
import type { Task } from '../../questions/tasks/task';
import type { Completion } from './reward';

/** 1 for the right answer, else 0. */
export const answerReward =
  (task: Task) =>
  ({ question, text }: Completion): number =>
    task.grade(question, text).correct ? 1 : 0;

/** How often a judge errs: takes a wrong completion for right, or a right one for wrong. */
export interface JudgeErrors {
  readonly false_positive: number;
  readonly false_negative: number;
}

/** The verdict of a judge of known error rates on the rule's; a pure function of seed, question and text, as a greedy judge's is. */
export const erringReward =
  (rule: (completion: Completion) => number, errors: JudgeErrors, seed: number) =>
  (completion: Completion): number => {
    const right = rule(completion) === 1;
    const chance = right ? errors.false_negative : errors.false_positive;
    const drawn = uniformAt(hashWords(seed, 3), hashString(completion.question.id), hashString(completion.text));
    return Number(drawn < chance ? !right : right);
  };

/** 1 for a completion that boxes an answer, right or wrong. */
export const formatReward = ({ text }: Completion): number => (lastBoxed(dropThinking(text))?.trim() ? 1 : 0);

/**
 * DAPO's soft overlong penalty (arXiv 2503.14476, equation 13): 0 up to `longest` - `buffer` tokens, then falling to -1 at
 * `longest`.
 */
export const lengthReward =
  ({ longest, buffer }: { readonly longest: number; readonly buffer: number }) =>
  ({ tokens }: Completion): number => {
    if (tokens <= longest - buffer) return 0;
    return tokens <= longest ? (longest - buffer - tokens) / buffer : -1;
  };
