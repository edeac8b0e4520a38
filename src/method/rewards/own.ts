/** Rewards written by the user: a JavaScript file whose function returns a number for an answer. */

import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { InputError } from '../../base/records/errors';
import { isObject } from '../../base/records/values';
import type { Reward } from './reward';

type OwnFunction = (answer: object) => unknown;

function load(path: string): OwnFunction {
  const file = resolve(path);
  let loaded: unknown;
  try {
    loaded = createRequire(file)(file);
  } catch (error) {
    throw new InputError(`rewards=file:${path} could not be loaded (${reason(error)}); correct the file.`);
  }
  const found = [loaded, isObject(loaded) ? loaded.default : undefined].find((value) => typeof value === 'function');
  if (found) return found as OwnFunction;
  throw new InputError(
    `rewards=file:${path} exports no function; write \`module.exports = ({ question, text, rubric }) => number\`.`,
  );
}

const reason = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';

/**
 * Loads the function of a file. It is called with {question, text, rubric} of each completion, may be async, and
 * returns null if it cannot tell. Throws InputError, naming file and question, where the function throws or returns
 * anything else.
 */
export function ownReward(path: string): Reward['score'] {
  const own = load(path);
  return async (completions) => {
    const scores: (number | null)[] = [];
    for (const { question, text, rubric } of completions) {
      const where = `rewards=file:${path} on question ${question.id}`;
      let score: unknown;
      try {
        score = await own({ question, text, ...(rubric && { rubric }) });
      } catch (error) {
        throw new InputError(`${where} threw an error: ${reason(error)}.`);
      }
      if (score !== null && !(typeof score === 'number' && Number.isFinite(score)))
        throw new InputError(`${where} returned ${String(score)}; return a finite number, or null for "cannot tell".`);
      scores.push(score);
    }
    return scores;
  };
}
