/**
 * Self-Distillation Fine-Tuning (SDFT, arXiv 2601.19897): the teacher sees the question's solution as an example of a response. It
 * simplifies against TRL: a truncated support is the teacher's top-k, not the student's.
 */
import type { StageSettings } from '../../base/config/train';
import { InputError } from '../../base/records/errors';
import type { Question } from '../../base/records/question';
import type { Algorithm } from './algorithm';
import { distilledAnswers } from './selfDistillation';

/** SDFT; refuses a question without a solution when its turn comes. */
export const sdft = (settings: StageSettings): Algorithm => ({
  ...distilledAnswers('sdft', settings),
  teacherView: ({ question }) => ({
    question,
    purpose: 'answer',
    thinking: settings.thinking.teacher,
    demonstration: solutionOf(question),
  }),
});

function solutionOf({ id, solution }: Question): string {
  if (solution !== undefined) return solution;
  throw new InputError(`Question ${id} has no solution for the teacher to see; sdft needs one for every question.`);
}
