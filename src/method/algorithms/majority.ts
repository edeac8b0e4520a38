/**
 * Self-training on the majority's answer (self-consistency as a label, arXiv 2210.11610): the answer that most completions of a
 * question settle on is taken for right, and the completions that agree with it are learned. No reference answer is read.
 */
import { NO_CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { groupAnswers } from '../../questions/grading/votes';
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
export function majority(settings: StageSettings, task: Pick<Task, 'grade' | 'sameAnswer'>): Algorithm {
  return {
    name: 'majority',
    rollouts: settings.relatives.sampler,
    ...drawnAnswers(settings),
    groupSize: settings.grpo.num_generations,
    assess: async (groups) => keepMajority(groups, task),
    loss: { kind: 'cross_entropy' },
  };
}

/** The places of the answers that most completions agree on, whatever their spelling; of groups with equally many, the first seen. */
export const majorityPlaces = (
  answers: readonly (string | null)[],
  same?: (a: string, b: string) => boolean,
): ReadonlySet<number> => new Set(groupAnswers(answers, same)[0]);

function keepMajority(groups: readonly RolloutGroup[], task: Pick<Task, 'grade' | 'sameAnswer'>): Assessments {
  const agreeing = groups.map(({ example: { question }, rollouts }) => {
    const answers = rollouts.map(({ text }) => task.grade(question, text).extracted);
    const places = majorityPlaces(answers, task.sameAnswer && ((a, b) => task.sameAnswer?.(question, a, b) === true));
    return answers.map((_, place) => places.has(place));
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
