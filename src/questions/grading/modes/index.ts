/** All modes of grading, by name. */
import { InputError } from '../../../base/records/errors';
import type { Grade, Question } from '../../../base/records/question';
import { corrected } from './corrected';
import { knows } from './kinds';
import { lmEvalFlexible, lmEvalStrict } from './lmEval';
import { mmluPro } from './mmluPro';
import type { Mode } from './mode';
import { openScience } from './openScience';
import { simpleEvals } from './simpleEvals';

/** In the order of `MODE_NAMES`. */
export const MODES: readonly Mode[] = [openScience, corrected, simpleEvals, mmluPro, lmEvalStrict, lmEvalFlexible];

/** The mode of a name. Throws InputError that lists the modes. */
export function modeNamed(name: string): Mode {
  const mode = MODES.find((each) => each.name === name);
  if (mode) return mode;
  throw new InputError(`There is no mode "${name}"; use one of ${MODES.map((each) => each.name).join(', ')}.`);
}

/** The mode's grade; null where the mode does not know such questions, or none with so many choices. */
export function gradeIfKnown(mode: Mode, question: Question, response: string): Grade | null {
  if (!knows(mode.name, question)) return null;
  return mode.name === 'simple-evals' && question.choices?.length !== 4 ? null : mode.grade(question, response);
}
