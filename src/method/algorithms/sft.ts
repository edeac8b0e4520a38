/** Supervised fine-tuning: cross-entropy on the questions' reference solutions, or on their answers alone. */
import { CONTEXT, DIVERGENCE, NO_CONTEXT } from '../../base/config/algorithm';
import type { StageSettings } from '../../base/config/configs';
import { choice } from '../../base/config/declare';
import { refuse } from '../../base/config/refuse';
import type { Question } from '../../base/records/question';
import type { Task } from '../../questions/tasks/task';
import type { Algorithm, AlgorithmDefinition } from './algorithm';
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
    studentView: ({ question }) => ({ question, purpose: 'answer', thinking: settings.thinking.student }),
    loss: { kind: 'cross_entropy' },
  };
}

export const SFT: AlgorithmDefinition = {
  name: 'sft',
  about: {
    title: 'Supervised fine-tuning',
    completions: "the questions' solutions or answers; filtered: right ones of the student's or the teacher's",
    teacher: 'no teacher',
    loss: 'cross-entropy',
    source: 'filtered: RAFT, arXiv 2304.06767',
  },
  settings: {
    sft_source: choice(
      ['reference', 'answer', 'filtered'],
      'reference', // paper, appendix A
      "sft: learn from the questions' solutions, from their answers alone, or from sampled completions whose answer is right",
    ),
    sampler: SAMPLER,
  },
  reads: ['grpo.num_generations'],
  ignores: [...DIVERGENCE, ...CONTEXT],
  defaults: () => NO_CONTEXT,
  steps: 500, // paper: baselines
  needs: ({ relatives: { sft_source: source } }) => ({
    samples: source === 'filtered',
    ...(source === 'reference' ? { solutions: 'sft_source=reference' } : { answers: `sft_source=${source}` }),
  }),
  check: ({ stage2 }, given) => {
    const { sft_source: source } = stage2.relatives;
    const unread = ['num_generations', 'sampler'].find((name) => [...given].some((full) => full.endsWith(`.${name}`)));
    refuse(
      source !== 'filtered' && unread !== undefined,
      `${unread} is about sampled completions, and sft_source=${source} samples none; leave it out, or use sft_source=filtered.`,
    );
  },
  answering: (settings, { task }) =>
    settings.relatives.sft_source === 'filtered' ? filteredSft(settings, task) : sft(settings, task),
};
