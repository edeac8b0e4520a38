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
    completions: "the student's",
    teacher: 'x, y\\* (`teacher_context`)',
    loss: 'policy gradient whose advantage is log p_T − log p_S at the sampled token',
    source: "Thinking Machines' on-policy distillation; TRL",
    learns: 'its own ŷ',
    formula: '−[A_t] log p_S(ŷ_t) with A_t = log p_T(ŷ_t) − log p_S(ŷ_t)',
    differs: "Thinking Machines' cookbook, in TRL's sampled-token form. One update a batch, so its ratio is 1; λ is 1",
  },
  reads: ['loss_temperature', ...CONTEXT],
  // the cookbook's temperature
  defaults: (stage) => ({ teacher_context: 'answer', ...atTemperature(stage, 1) }),
  needs: () => ({ samples: true }),
  answering: opd,
};
