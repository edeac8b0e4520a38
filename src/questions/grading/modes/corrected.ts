/**
 * The mode `corrected`, which grades as a careful reader would: the last answer counts, a number is read with its unit,
 * and the article "a" is not a letter. Choices whose order gives the answer away are shown in an order drawn from the
 * question's id.
 */

import { gradeResponse } from '../../tasks/grading';
import { shuffleChoices } from '../arrange';
import { requireKind, withTaskRule } from './kinds';
import { choiceLines } from './lines';
import type { Mode } from './mode';

const name = 'corrected';

export const corrected: Mode = {
  name,
  arrange: shuffleChoices,
  prompt(question) {
    const { question: text, choices } = question;
    const asked =
      requireKind(name, question) === 'multiple-choice' ? 'the letter of the correct choice' : 'your final answer';
    const shown = choices ? `${text}\n\n${choiceLines(choices, ') ')}` : text;
    return `${shown}\n\nReason step by step, and put ${asked} within \\boxed{}.`;
  },
  grade: (question, response) => gradeResponse(withTaskRule(question), response),
};
