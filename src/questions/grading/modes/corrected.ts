/**
 * The mode `corrected`, which grades as a careful reader would: the last answer counts, a number is read with its unit,
 * and the article "a" is not a letter. Choices whose order gives the answer away are shown in an order drawn from the
 * question's id.
 */

import type { Question } from '../../../base/records/question';
import { gradeResponse } from '../../tasks/grading';
import { shuffleChoices } from '../arrange';
import { splitPower } from '../equivalence/units';
import { requireKind, withTaskRule } from './kinds';
import { choiceLines } from './lines';
import type { Mode } from './mode';

const name = 'corrected';

/** The unit that a question states beside its answer, as words or a formula; a power of ten before it belongs to the number. */
function unitOf({ metadata }: Question): string {
  const unit = typeof metadata?.unit === 'string' ? splitPower(metadata.unit).unit.replaceAll('$', '').trim() : '';
  return /[\\^_{]/.test(unit) ? `$${unit}$` : unit;
}

export const corrected: Mode = {
  name,
  arrange: shuffleChoices,
  prompt(question) {
    const { question: text, choices } = question;
    const unit = unitOf(question);
    const answer = unit === '' ? 'your final answer' : `your final answer in ${unit}`;
    const asked = requireKind(name, question) === 'multiple-choice' ? 'the letter of the correct choice' : answer;
    const shown = choices ? `${text}\n\n${choiceLines(choices, ') ')}` : text;
    return `${shown}\n\nReason step by step, and put ${asked} within \\boxed{}.`;
  },
  grade: (question, response) => gradeResponse(withTaskRule(question), response),
};
