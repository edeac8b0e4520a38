/**
 * On-policy distillation at the sampled tokens (Thinking Machines' cookbook; papers 3.8, 4.3): a policy gradient whose advantage at
 * a token is log p_T - log p_S there. The teacher is the model itself with more in its context; one update a batch, so no ratio.
 */
import type { StageSettings } from '../../base/config/train';
import type { Algorithm } from './algorithm';
import { distilledAnswers } from './selfDistillation';

/** On-policy distillation; `teacher_context` names what the teacher sees. */
export const opd = (settings: StageSettings): Algorithm => ({
  ...distilledAnswers('opd', settings),
  loss: { kind: 'sampled_token', temperature: settings.loss_temperature },
});
