/**
 * Self-training on the majority's answer (self-consistency as a label, arXiv 2210.11610): the answer that most completions of a
 * question settle on is taken for right, and the completions that agree with it are learned. No reference answer is read.
 */
import { NO_CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import type { Task } from '../../questions/tasks/task';
import { meanOf } from './advantages';
import {
  type Algorithm,
  type AlgorithmDefinition,
  type Assessments,
  drawnAnswers,
  type RolloutGroup,
} from './algorithm';
import { SAMPLER } from './filtered';

/** Majority-vote self-training by cross-entropy. */
export function majority(settings: StageSettings, task: Pick<Task, 'grade'>): Algorithm {
  return {
    name: 'majority',
    rollouts: settings.relatives.sampler,
    ...drawnAnswers(settings),
    groupSize: settings.grpo.num_generations,
    assess: async (groups) => keepMajority(groups, task),
    loss: { kind: 'cross_entropy' },
  };
}

/** The most frequent answer, the first seen among equals; undefined where no completion has one. */
export function majorityAnswer(answers: readonly (string | null)[]): string | undefined {
  const votes = new Map<string, number>();
  for (const answer of answers) if (answer !== null) votes.set(answer, (votes.get(answer) ?? 0) + 1);
  const most = Math.max(...votes.values());
  return [...votes].find(([, count]) => count === most)?.[0];
}

function keepMajority(groups: readonly RolloutGroup[], task: Pick<Task, 'grade'>): Assessments {
  const agreeing = groups.map(({ example, rollouts }) => {
    const answers = rollouts.map(({ text }) => task.grade(example.question, text).extracted);
    const label = majorityAnswer(answers);
    return answers.map((answer) => label !== undefined && answer === label);
  });
  return {
    assessments: agreeing.map((group) => group.map((kept) => (kept ? {} : null))),
    metrics: {
      frac_majority: meanOf(agreeing.flat().map(Number)),
      frac_no_answer: meanOf(agreeing.map((group) => Number(!group.includes(true)))),
    },
  };
}

export const MAJORITY: AlgorithmDefinition = {
  name: 'majority',
  about: {
    completions: "the student's: those of several that agree with the most frequent answer",
    teacher: 'no teacher',
    loss: 'cross-entropy',
    source: 'self-consistency as a label, arXiv 2210.11610',
    learns: 'those of `num_generations` ŷ that agree with the most frequent answer (of equals, the first seen)',
    formula: '−log p_S',
    differs: 'self-consistency as a label, arXiv 2210.11610. No reference answer is read',
  },
  settings: { sampler: SAMPLER },
  reads: ['grpo.num_generations', 'rollout_context'],
  defaults: () => NO_CONTEXT,
  needs: () => ({ samples: true, siblings: true }),
  answering: (settings, { task }) => majority(settings, task),
};
