/** Rewards by rule: for the right answer, for an answer in a box, and for a length within bounds. */

import { hashString, hashWords, uniformAt } from '../../engine/tensors/random';
import { lastBoxed } from '../../questions/grading/boxes';
import { dropThinking } from '../../questions/grading/thinking';
import type { Task } from '../../questions/tasks/task';
import type { Completion } from './reward';

/** 1 for the right answer, 0 for any other. */
export const answerReward =
  (task: Task) =>
  ({ question, text }: Completion): number =>
    task.grade(question, text).correct ? 1 : 0;

/** A judge's error rates: how often it takes a wrong completion for right, and a right one for wrong. */
export interface JudgeErrors {
  readonly false_positive: number;
  readonly false_negative: number;
}

/**
 * Adds the errors of a judge with known error rates to the rule's verdict. Depends only on seed, question and text,
 * like the verdict of a greedy judge.
 */
export const erringReward =
  (rule: (completion: Completion) => number, errors: JudgeErrors, seed: number) =>
  (completion: Completion): number => {
    const right = rule(completion) === 1;
    const chance = right ? errors.false_negative : errors.false_positive;
    const drawn = uniformAt(hashWords(seed, 3), hashString(completion.question.id), hashString(completion.text));
    return Number(drawn < chance ? !right : right);
  };

/** 1 for a completion with an answer in a box, right or wrong; 0 for others. */
export const formatReward = ({ text }: Completion): number => (lastBoxed(dropThinking(text))?.trim() ? 1 : 0);

/**
 * DAPO's soft penalty for long completions (arXiv 2503.14476, equation 13): 0 up to `longest` - `buffer` tokens, then
 * falling to -1 at `longest`.
 */
export const lengthReward =
  ({ longest, buffer }: { readonly longest: number; readonly buffer: number }) =>
  ({ tokens }: Completion): number => {
    if (tokens <= longest - buffer) return 0;
    return tokens <= longest ? (longest - buffer - tokens) / buffer : -1;
  };
