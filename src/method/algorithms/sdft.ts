/**
 * Self-Distillation Fine-Tuning (SDFT, arXiv 2601.19897): the teacher sees the question's solution as an example of a response.
 */
import { DIVERGENCE, NO_CLIP, NO_CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { InputError } from '../../base/records/errors';
import type { Question } from '../../base/records/question';
import { type Algorithm, type AlgorithmDefinition, teacherAnswers } from './algorithm';
import { distilledAnswers } from './selfDistillation';

/** SDFT; refuses a question without a solution when its turn comes. */
export const sdft = (settings: StageSettings): Algorithm => ({
  ...distilledAnswers('sdft', settings),
  teacherView: ({ question }) => teacherAnswers(settings)(question, { demonstration: solutionOf(question) }),
});

function solutionOf({ id, solution }: Question): string {
  if (solution !== undefined) return solution;
  throw new InputError(`Question ${id} has no solution for the teacher to see; sdft needs one for every question.`);
}

export const SDFT: AlgorithmDefinition = {
  name: 'sdft',
  about: {
    completions: "the student's",
    teacher: 'x, and the solution as an example',
    loss: 'divergence from the teacher (JSD)',
    source: 'SDFT, arXiv 2601.19897; TRL',
    learns: 'its own ŷ',
    formula: 'D, where p_T sees s as an example of a response',
    differs: 'arXiv 2601.19897, TRL. The ratio is 1',
  },
  reads: DIVERGENCE,
  defaults: () => ({
    ...NO_CONTEXT,
    ...NO_CLIP,
    teacher: 'ema', // SDFT
    ema_decay: 0.95, // SDFT: rate 0.05
    divergence: 'jsd', // TRL: alpha 0.5
    top_k: 100, // TRL
    support: 'student', // TRL
    loss_aggregation: 'sequence', // TRL
  }),
  needs: () => ({
    samples: true,
    solutions: 'algorithm=sdft',
    demonstration: 'algorithm=opsd, which shows the answer',
  }),
  answering: sdft,
};
