/** Rewards by rule: the right answer, an answer in a box, and a length that stays within bounds. */
import { lastBoxed } from '../tasks/extraction';
import type { Task } from '../tasks/task';
import { dropThinking } from '../tasks/thinking';
import type { Completion } from './reward';

/** 1 for the right answer, else 0. */
export const answerReward =
  (task: Task) =>
  ({ question, text }: Completion): number =>
    task.grade(question, text).correct ? 1 : 0;

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
