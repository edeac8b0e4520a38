/**
 * Generalised Knowledge Distillation (arXiv 2306.13649): a generalised JSD to the teacher, on the student's own completions with
 * chance `gkd_lambda` and on the questions' solutions otherwise. The teacher is the model itself with more in its context.
 */
import { atTemperature, CONTEXT, DIVERGENCE, NO_CLIP } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { share } from '../../base/config/declare';
import type { Algorithm, AlgorithmDefinition } from './algorithm';
import { distilledAnswers } from './selfDistillation';

/** GKD; who writes a completion is drawn for each question and sample by seed. */
export const gkd = (settings: StageSettings): Algorithm => ({
  ...distilledAnswers('gkd', settings),
  rollouts: (chance) => (chance < settings.relatives.gkd_lambda ? 'student' : 'data'),
});

export const GKD: AlgorithmDefinition = {
  name: 'gkd',
  about: {
    completions: "the student's with chance `gkd_lambda`, else the data's solution",
    teacher: 'x, y\\* (`teacher_context`)',
    loss: 'divergence from the teacher (JSD)',
    source: 'GKD, arXiv 2306.13649; TRL',
    learns: 'its own ŷ with chance `gkd_lambda`, else s',
    formula: 'JSD with `beta`',
    differs: 'arXiv 2306.13649, TRL. The published teacher is a larger model',
  },
  settings: {
    // TRL
    gkd_lambda: share(0.5, "gkd: chance that a completion is the student's own and not the question's solution"),
  },
  reads: [...DIVERGENCE, ...CONTEXT],
  defaults: (stage) => ({
    teacher_context: 'answer',
    ...NO_CLIP,
    ...atTemperature(stage, 0.9), // TRL
    divergence: 'jsd', // TRL, with beta 0.5
    top_k: 0, // TRL: the whole vocabulary
  }),
  needs: ({ relatives: { gkd_lambda: own } }) => ({
    samples: own > 0,
    ...(own < 1 && { solutions: `gkd_lambda=${own}` }),
  }),
  answering: gkd,
};
