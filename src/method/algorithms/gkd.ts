/**
 * Generalised Knowledge Distillation (arXiv 2306.13649): a generalised JSD to the teacher, on the student's own completions with
 * chance `gkd_lambda` and on the questions' solutions otherwise. The teacher is the model itself with more in its context.
 */
import type { StageSettings } from '../../base/config/train';
import type { Algorithm } from './algorithm';
import { distilledAnswers } from './selfDistillation';

/** GKD; who writes a completion is drawn for each question and sample by seed. */
export const gkd = (settings: StageSettings): Algorithm => ({
  ...distilledAnswers('gkd', settings),
  rollouts: (chance) => (chance < settings.relatives.gkd_lambda ? 'student' : 'reference'),
});
