/**
 * RCSD anchored in the data: some completions are the questions' solutions, learned by cross-entropy; on the others, the student's
 * own, the student moves towards the rubric-conditioned teacher as in RCSD.
 */
import { CONTEXT, DIVERGENCE } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { aboveZero, positive } from '../../base/config/declare';
import { divergenceSpec } from '../losses/spec';
import type { Algorithm, AlgorithmDefinition } from './algorithm';
import { rubricGenerator } from './rcsd';
import { distilledAnswers } from './selfDistillation';

/** The answering stage. The divergence's metrics cover the tokens of the solutions too, where it has no weight. */
export function anchoredReasoner(settings: StageSettings): Algorithm {
  const { sft_share, sft_weight } = settings.relatives;
  return {
    ...distilledAnswers('rcsd_sft', settings),
    rollouts: (chance) => (chance < sft_share ? 'data' : 'student'),
    signals: async (batch) =>
      batch.map(({ author, completionTokens }) => ({
        data_weight: completionTokens.map(() => (author === 'data' ? sft_weight : 0)),
        student_weight: completionTokens.map(() => (author === 'data' ? 0 : 1)),
      })),
    loss: {
      kind: 'mixture',
      parts: [
        { loss: { kind: 'cross_entropy' }, weight: 'data_weight' },
        { loss: divergenceSpec(settings), weight: 'student_weight' },
      ],
    },
  };
}

export const RCSD_SFT: AlgorithmDefinition = {
  name: 'rcsd_sft',
  about: {
    completions: "the data's solution with chance `sft_share`, else the student's; stage I as `rcsd`",
    teacher: 'as `rcsd`',
    loss: 'cross-entropy on solutions, times `sft_weight`; on the others divergence from the teacher, token by token',
    source: 'ours: RCSD anchored in the data',
    learns: 's with chance `sft_share`, else its own ŷ',
    formula: '−`sft_weight` log p_S on s; on ŷ as `rcsd`',
    differs: "ours. The divergence's metrics cover the tokens of s too",
  },
  rubricStage: true,
  settings: {
    sft_share: aboveZero(0.25, "rcsd_sft: chance that a completion is the question's solution", { since: 2 }), // ours
    sft_weight: positive(0.1, 'rcsd_sft: weight of the cross-entropy on solutions', { since: 2 }), // ours
  },
  reads: [...DIVERGENCE, ...CONTEXT],
  needs: ({ relatives: { sft_share: solutions } }) => ({ samples: solutions < 1, solutions: `sft_share=${solutions}` }),
  answering: anchoredReasoner,
  writing: rubricGenerator,
};
