/** On-Policy Self-Distillation (arXiv 2601.18734): the teacher sees the reference answer, by default nothing else. */
import type { StageSettings } from '../../base/config/train';
import type { Algorithm } from './algorithm';
import { distilledAnswers } from './selfDistillation';

/** OPSD; its profile sets `teacher_context` to `answer`. */
export const opsd = (settings: StageSettings): Algorithm => distilledAnswers('opsd', settings);
