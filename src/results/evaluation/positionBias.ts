/**
 * How much a preference for a letter is worth in a mode: simulates a model that knows some answers and guesses the
 * others by letter. If a mode always shows the right choice in the same place, such a preference is scored as
 * knowledge.
 */

import type { Question } from '../../base/records/question';
import { createRandom } from '../../engine/tensors/random';
import { letterAt, placeOf } from '../../questions/grading/letters';
import type { Mode } from '../../questions/grading/modes/mode';
import type { Estimate } from './intervals';
import { clusteredShare } from './statistics';

/** A model that knows the answer to a share of the questions and guesses the others. */
export interface GuessingModel {
  /** Share of the questions whose answer it knows, 0 to 1. */
  readonly knows: number;
  /** How often a guess is A, B, C and so on; weights with any sum. */
  readonly guesses: readonly number[];
}

export interface GuessingPlan {
  readonly questions?: number;
  readonly samples?: number;
  readonly seed?: number;
}

/** What the simulated model scored. */
export interface GuessingScore {
  readonly accuracy: Estimate;
  /** Share of the questions whose right choice stood at each letter. */
  readonly places: readonly number[];
}

/** A question in GPQA's published form, right answer first, with the same words in each. */
const placeholder = (index: number, choices: number): Question => ({
  id: `question-${index}`,
  task: 'gpqa-diamond',
  split: 'test',
  question: 'Which?',
  choices: Array.from({ length: choices }, (_, i) => (i === 0 ? 'this one' : `another one, ${i}`)),
  answer: 'A',
  metadata: { correct_first: true },
});

/**
 * Asks a guessing model in a mode and grades it, on placeholder questions. Whether it knows a question is drawn once,
 * not for each sample.
 */
export function guessingScore(model: GuessingModel, mode: Mode, plan: GuessingPlan = {}): GuessingScore {
  const { questions = 198, samples = 4, seed = 20260617 } = plan;
  const { knows, guesses } = model;
  const random = createRandom(seed);
  const bounds = guesses.map((_, i) => guesses.slice(0, i + 1).reduce((sum, weight) => sum + weight, 0));
  const guess = (): string => {
    const u = random.next() * (bounds.at(-1) ?? 0);
    return letterAt(bounds.findIndex((bound) => u < bound));
  };
  const places = new Array<number>(guesses.length).fill(0);
  const scores = Array.from({ length: questions }, (_, index) => {
    const shown = mode.arrange(placeholder(index, guesses.length), index);
    const place = placeOf(shown.answer);
    places[place] = (places[place] as number) + 1 / questions;
    const known = random.next() < knows;
    return Array.from({ length: samples }, () =>
      Number(mode.grade(shown, `Answer: ${known ? shown.answer : guess()}`).correct),
    );
  });
  return { accuracy: clusteredShare(scores), places };
}
