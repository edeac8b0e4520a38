/** On-Policy Self-Distillation (arXiv 2601.18734): the teacher sees the reference answer, by default nothing else. */
import { CONTEXT, DIVERGENCE } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { refuse } from '../../base/config/refuse';
import type { Algorithm, AlgorithmDefinition } from './algorithm';
import { distilledAnswers } from './selfDistillation';

/** OPSD; its profile sets `teacher_context` to `answer`. */
export const opsd = (settings: StageSettings): Algorithm => distilledAnswers('opsd', settings);

export const OPSD: AlgorithmDefinition = {
  name: 'opsd',
  about: {
    completions: "the student's",
    teacher: 'x, y\\*',
    loss: 'divergence from the teacher, token by token',
    source: 'OPSD, arXiv 2601.18734',
    learns: 'its own ŷ',
    formula: 'the same with y\\* in place of the rubric',
    differs: 'arXiv 2601.18734',
  },
  reads: [...DIVERGENCE, ...CONTEXT],
  defaults: () => ({ teacher_context: 'answer' }),
  needs: () => ({ samples: true }),
  check: ({ stage2: { teacher_context: context } }) =>
    refuse(
      context !== 'answer',
      `algorithm=opsd teaches from the reference answer, so teacher_context=${context} does not fit; use teacher_context=answer, or algorithm=rcsd.`,
    ),
  answering: opsd,
};
