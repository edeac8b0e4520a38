/**
 * The prompts of student and teacher for a microscience question. They consist of structural tokens and differ only in
 * the privileged part. A revision is a rubric of its criteria, or of their opposites.
 */

import { InputError } from '../../../base/records/errors';
import type { Views } from '../views';
import { opposite, renderMicroscienceRubric } from './criteria';
import { spell } from './families/problem';
import { factsOf } from './grading';
import { promptTokens } from './tokens';

/** There is no thinking and no transition sentence, because the model's vocabulary has no words for them. */
export const microscienceViews: Views = {
  render({ question, purpose, answer, rubric, demonstration, unrelated, revision, thinking, antiMention }) {
    if (demonstration !== undefined || unrelated || revision?.response !== undefined)
      throw new InputError(
        "microscience's prompts cannot show an example of a response; give its teacher an answer or a rubric.",
      );
    if (thinking || antiMention) {
      throw new InputError(`microscience has no ${thinking ? 'thinking' : 'anti_mention'}; set it to false.`);
    }
    const { unit } = factsOf(question);
    const asked = revision?.towards === 'avoid' ? revision.criteria.map(opposite) : revision?.criteria;
    const criteria = asked ?? rubric?.criteria;
    return promptTokens({
      purpose,
      question: question.question,
      answer: answer === undefined ? undefined : spell(`${answer} ${unit}`.trim()),
      rubric: criteria && renderMicroscienceRubric(criteria),
    }).join(' ');
  },
};
