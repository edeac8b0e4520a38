/**
 * On-policy distillation at the sampled tokens (Thinking Machines' cookbook; papers 3.8, 4.3): a policy gradient whose advantage at
 * a token is log p_T - log p_S there. The teacher is the model itself with more in its context; one update a batch, so no ratio.
 */
import { atTemperature, CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import type { Algorithm, AlgorithmDefinition } from './algorithm';
import { distilledAnswers } from './selfDistillation';

/** On-policy distillation; `teacher_context` names what the teacher sees. */
export const opd = (settings: StageSettings): Algorithm => ({
  ...distilledAnswers('opd', settings),
  loss: { kind: 'sampled_token', temperature: settings.loss_temperature },
});

export const OPD: AlgorithmDefinition = {
  name: 'opd',
  about: {
    title: 'On-policy distillation at the sampled tokens',
    completions: "the student's",
    teacher: 'the answer',
    loss: 'policy gradient whose advantage is log p_T - log p_S of each token',
    source: "Thinking Machines' cookbook",
  },
  reads: ['loss_temperature', ...CONTEXT],
  // the cookbook's temperature
  defaults: (stage) => ({ teacher_context: 'answer', ...atTemperature(stage, 1) }),
  needs: () => ({ samples: true }),
  answering: opd,
};
