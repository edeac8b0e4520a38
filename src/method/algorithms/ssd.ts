/**
 * Simple self-distillation (arXiv 2604.01193): the frozen model is sampled at a temperature and truncation of training's own, and
 * the raw samples are learned by cross-entropy, right or wrong. What is learned is the truncation.
 */
import { NO_CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { type Algorithm, type AlgorithmDefinition, drawnAnswers } from './algorithm';

/** SSD; `teacher` names the weights that are sampled, by default the initial ones. */
export function ssd(settings: StageSettings): Algorithm {
  return {
    name: 'ssd',
    rollouts: 'teacher',
    ...drawnAnswers(settings),
    loss: { kind: 'cross_entropy' },
  };
}

export const SSD: AlgorithmDefinition = {
  name: 'ssd',
  about: {
    completions: "the frozen initial model's, right or wrong",
    teacher: 'no teacher',
    loss: 'cross-entropy',
    source: 'SSD, arXiv 2604.01193',
    learns: 'ŷ of the frozen model, right or wrong',
    formula: '−log p_S',
    differs: "arXiv 2604.01193. What is learned is the sampling's `temperature`, `top_p` and `top_k`",
  },
  reads: ['rollout_context'],
  defaults: () => NO_CONTEXT,
  needs: () => ({ samples: true }),
  answering: ssd,
};
