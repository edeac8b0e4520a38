/**
 * Supervised fine-tuning on one's own completions (rejection sampling; RAFT, arXiv 2304.06767): cross-entropy on those whose answer
 * is right. Answers alone are looked at: a right one by wrong means is learned too.
 */

import type { StageSettings } from '../../base/config/configs';
import { choice } from '../../base/config/declare';
import type { Task } from '../../questions/tasks/task';
import { meanOf } from './advantages';
import { type Algorithm, type Assessments, drawnAnswers, type RolloutGroup } from './algorithm';

/** Whose weights draw completions that are learned by cross-entropy. */
export const SAMPLER = choice(
  ['student', 'teacher'],
  'student', // ours
  'sft_source=filtered, majority: whose weights draw the completions',
);

/** SFT on the right ones of `num_generations` completions a question; a question without any is passed over. */
export function filteredSft(settings: StageSettings, task: Pick<Task, 'grade'>): Algorithm {
  return {
    name: 'sft',
    rollouts: settings.relatives.sampler,
    ...drawnAnswers(settings),
    groupSize: settings.grpo.num_generations,
    assess: async (groups) => keepRight(groups, task),
    loss: { kind: 'cross_entropy' },
  };
}

function keepRight(groups: readonly RolloutGroup[], task: Pick<Task, 'grade'>): Assessments {
  const right = groups.map(({ example, rollouts }) =>
    rollouts.map(({ text }) => task.grade(example.question, text).correct),
  );
  return {
    assessments: right.map((group) => group.map((kept) => (kept ? { reward: 1 } : null))),
    metrics: {
      reward: meanOf(right.flat().map(Number)),
      frac_no_success: meanOf(right.map((group) => Number(!group.includes(true)))),
    },
  };
}
