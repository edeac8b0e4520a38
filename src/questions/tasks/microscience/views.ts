/** The two views of a microscience question: structural tokens, so that student and teacher differ in the privileged part only. */

import { InputError } from '../../../base/records/errors';
import type { Views } from '../views';
import { renderMicroscienceRubric } from './criteria';
import { spell } from './families/problem';
import { factsOf } from './grading';
import { promptTokens } from './tokens';

/** Views of microscience. There is no thinking and no transition sentence: the model has no words for them. */
export const microscienceViews: Views = {
  render({ question, purpose, answer, rubric, demonstration, thinking, antiMention }) {
    if (demonstration !== undefined)
      throw new InputError(
        "microscience's views have no place for a response; show its teacher an answer or a rubric.",
      );
    if (thinking || antiMention) {
      throw new InputError(`microscience has no ${thinking ? 'thinking' : 'anti_mention'}; set it to false.`);
    }
    const { unit } = factsOf(question);
    return promptTokens({
      purpose,
      question: question.question,
      answer: answer === undefined ? undefined : spell(`${answer} ${unit}`.trim()),
      rubric: rubric && renderMicroscienceRubric(rubric.criteria),
    }).join(' ');
  },
};
