/**
 * Self-Distillation Policy Optimization (SDPO, arXiv 2601.20802): the teacher sees another completion of the question that got the
 * answer right, and the student moves towards it on each of its own. It simplifies against the paper: no feedback from an
 * environment, and one update a batch, whose importance ratio is 1.
 */
import { DIVERGENCE, NO_CLIP, NO_CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import type { Task } from '../../questions/tasks/task';
import { meanOf } from './advantages';
import {
  type Algorithm,
  type AlgorithmDefinition,
  type Assessments,
  type RolloutGroup,
  teacherAnswers,
} from './algorithm';
import { distilledAnswers } from './selfDistillation';

/** SDPO; completions without a successful sibling are left out and counted. */
export const sdpo = (settings: StageSettings, task: Pick<Task, 'grade'>): Algorithm => ({
  ...distilledAnswers('sdpo', settings),
  teacherView: ({ question }, assessment) =>
    teacherAnswers(settings)(question, { demonstration: assessment?.siblings?.[0] }),
  groupSize: settings.grpo.num_generations,
  assess: async (groups) => withSiblings(groups, task),
});

function withSiblings(groups: readonly RolloutGroup[], task: Pick<Task, 'grade'>): Assessments {
  const right = groups.map(({ example, rollouts }) =>
    rollouts.map(({ text }) => task.grade(example.question, text).correct),
  );
  const assessments = groups.map(({ rollouts }, g) =>
    rollouts.map((_, i) => {
      const sibling = rollouts.find((_, k) => k !== i && right[g]?.[k]);
      return sibling ? { reward: Number(right[g]?.[i]), siblings: [sibling.text] } : null;
    }),
  );
  return {
    assessments,
    metrics: {
      reward: meanOf(right.flat().map(Number)),
      frac_no_success: meanOf(right.map((group) => Number(!group.includes(true)))),
      frac_no_sibling: meanOf(assessments.flat().map((assessment) => Number(assessment === null))),
    },
  };
}

export const SDPO: AlgorithmDefinition = {
  name: 'sdpo',
  about: {
    completions: "the student's, several a question",
    teacher: 'x, and another completion of x that is right',
    loss: 'divergence from the teacher (JSD)',
    source: 'SDPO, arXiv 2601.20802',
    learns: 'groups of ŷ',
    formula:
      'D, where p_T sees another completion of the question that is right (a right sibling of ŷ, never ŷ itself). If there is none, ŷ is dropped and counted',
    differs:
      'arXiv 2601.20802. Top 100 with the tail, moving average of 0.95. No feedback from an environment; the ratio is 1',
  },
  reads: [...DIVERGENCE, 'grpo.num_generations'],
  defaults: (stage) => ({
    ...NO_CONTEXT,
    ...NO_CLIP,
    teacher: 'ema', // SDPO
    ema_decay: 0.95, // SDPO: rate 0.05
    divergence: 'jsd', // ours: the paper's alpha is a setting of 0, 0.5 or 1
    top_k: 100, // TRL
    tail: true, // SDPO, one of its two ways
    grpo: { ...stage.grpo, num_generations: 8 }, // SDPO
  }),
  needs: () => ({
    samples: true,
    answers: 'algorithm=sdpo',
    demonstration: 'algorithm=opsd, which shows the answer',
    siblings: true,
  }),
  answering: (settings, { task }) => sdpo(settings, task),
};
