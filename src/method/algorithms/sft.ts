/** Supervised fine-tuning: cross-entropy on the questions' reference solutions, or on their answers alone. */
import { CONTEXT, DIVERGENCE, NO_CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { choice } from '../../base/config/declare';
import { refuse } from '../../base/config/refuse';
import type { Question } from '../../base/records/question';
import type { Task } from '../../questions/tasks/task';
import { type Algorithm, type AlgorithmDefinition, studentAnswers } from './algorithm';
import { filteredSft, SAMPLER } from './filtered';

/** SFT; the settings' sampling and teacher are not used. */
export function sft(settings: StageSettings, task: Pick<Task, 'boxed'> = {}): Algorithm {
  const { sft_source: source } = settings.relatives;
  return {
    name: 'sft',
    rollouts: 'data',
    ...(source === 'answer' && {
      solution: (question: Question) => task.boxed?.(question) ?? `\\boxed{${question.answer}}`,
    }),
    studentView: studentAnswers(settings),
    loss: { kind: 'cross_entropy' },
  };
}

export const SFT: AlgorithmDefinition = {
  name: 'sft',
  about: {
    completions:
      "the data's: the solution, or the answer alone; with `sft_source=filtered` the right ones of several of the model's own",
    teacher: 'no teacher',
    loss: 'cross-entropy',
    source: 'supervised fine-tuning; `filtered`: RAFT, arXiv 2304.06767',
    learns:
      's; with `sft_source=answer` the answer alone; with `sft_source=filtered` the right ones of `num_generations` ŷ',
    formula: '−log p_S',
    differs:
      '`filtered` is rejection sampling as in RAFT, arXiv 2304.06767. A completion counts as right if its final answer is, however it got there',
  },
  settings: {
    sft_source: choice(
      ['reference', 'answer', 'filtered'],
      'reference', // paper, appendix A
      "sft: learn from the questions' solutions, from their answers alone, or from sampled completions whose answer is right",
    ),
    sampler: SAMPLER,
  },
  reads: ['grpo.num_generations', 'rollout_context'],
  ignores: [...DIVERGENCE, ...CONTEXT],
  defaults: () => NO_CONTEXT,
  steps: 500, // paper: baselines
  needs: ({ relatives: { sft_source: source } }) => ({
    samples: source === 'filtered',
    ...(source === 'reference' ? { solutions: 'sft_source=reference' } : { answers: `sft_source=${source}` }),
  }),
  check: ({ stage2 }, given) => {
    const { sft_source: source } = stage2.relatives;
    const unread = ['num_generations', 'sampler', 'rollout_context'].find((name) =>
      [...given].some((full) => full.endsWith(`.${name}`)),
    );
    refuse(
      source !== 'filtered' && unread !== undefined,
      `${unread} is about sampled completions, and sft_source=${source} samples none; leave it out, or use sft_source=filtered.`,
    );
  },
  answering: (settings, { task }) =>
    settings.relatives.sft_source === 'filtered' ? filteredSft(settings, task) : sft(settings, task),
};
