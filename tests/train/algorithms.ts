/** Every algorithm as a short stage on a tiny model, with rewards and grades that a random model meets now and then. */

import type { StageSettings, TrainConfig } from '../../src/base/config/configs';
import type { RelativeSettings } from '../../src/base/config/generated/relativeConfigs';
import { algorithmNamed } from '../../src/method/algorithms';
import type { Algorithm, CriteriaCheck } from '../../src/method/algorithms/algorithm';
import { reasoner, rubricGenerator } from '../../src/method/algorithms/rcsd';
import { profileDefaults } from '../../src/method/algorithms/settings';
import type { Reward } from '../../src/method/rewards/reward';
import { microscienceViews } from '../../src/questions/tasks/microscience';
import type { Task } from '../../src/questions/tasks/task';
import type { Views } from '../../src/questions/tasks/views';
import { examples, type StageChanges, stageSettings } from './stage';

/** The answer is how often a letter occurs; odd ones are right. */
export const letters: Pick<Task, 'grade'> = {
  grade: (_, response) => {
    const count = response.split('e').length - 1;
    return { extracted: count > 0 ? String(count) : null, correct: count % 2 === 1 };
  },
};
/** 1 for what `letters` finds right. */
export const odd: Reward = {
  name: 'odd',
  weight: 1,
  score: async (completions) => completions.map(({ question, text }) => Number(letters.grade(question, text).correct)),
};

/** Completions meet the criteria of their rubric by how often they have each one's letter. */
const letterCriteria: CriteriaCheck = async (completions) =>
  completions.map(({ rubric, text }) =>
    (rubric?.criteria ?? []).map((criterion, i) => ({
      criterion,
      degree: Number(text.split('aeiou'[i % 5] as string).length > 2 + i),
    })),
  );

/** The suite's views with a place for an example: that of the rubric. */
const views: Views = {
  render: ({ demonstration: example, unrelated, ...request }) => {
    const plain = microscienceViews.render(request);
    const demonstration = example ?? unrelated?.solution;
    return demonstration === undefined ? plain : plain.replace('<|solve|>', `<|rubric|> ${demonstration} <|solve|>`);
  },
};

/** Changes of a stage's settings; the relatives' may be a part. */
export type Change = Partial<Omit<StageSettings, 'relatives'>> & { readonly relatives?: Partial<RelativeSettings> };

/** A stage of an algorithm, in groups of two completions. */
export const stage = (
  algorithm: (settings: StageSettings) => Algorithm,
  { relatives, ...changes }: Change = {},
): StageChanges => {
  const { grpo: groups, relatives: usual } = stageSettings();
  const own = { grpo: { ...groups, num_generations: 2 }, relatives: { ...usual, ...relatives } };
  return { algorithm, views, settings: { ...own, ...changes } };
};

/** Symmetric, towards a teacher that sees the answer. */
export const JSD: Change = { divergence: 'jsd', teacher_context: 'answer' };
const EMA: Change = { teacher: 'ema', ema_decay: 0.7 };
/** Groups with siblings of both kinds. */
export const CONTRAST: Change = {
  batch_size: 6,
  microbatch_size: 3,
  grpo: { ...stageSettings().grpo, num_generations: 6 },
};

const pool = { questions: examples().map(({ question }) => question), seed: 1 };

/** The algorithm that the settings call so. */
const named = (name: string, changes: Change = {}): StageChanges =>
  stage(
    (settings) =>
      algorithmNamed(name).answering(settings, {
        task: letters,
        rewards: () => [odd],
        criteria: () => letterCriteria,
        pool,
      }),
    changes,
  );

const rubrics = (stage1: StageSettings): Algorithm =>
  rubricGenerator({ ...profileDefaults('microscience', 'rcsd'), stage1 });

/** The ways to mix the teachers of one criterion each. */
export const MIXTURES = ['mean', 'product', 'ratio', 'strongest'] as const;

/** Name of a stage: RCSD has two, and four mixtures of teachers; SFT has two sources of completions. */
export type StageName =
  | Exclude<TrainConfig['algorithm'], 'rcsd'>
  | 'rcsd stage I'
  | 'rcsd stage II'
  | `rcsd ${(typeof MIXTURES)[number]}`
  | 'filtered';

/** Each algorithm with settings under which a tiny model has something to learn. */
export const EVERY: Readonly<Record<StageName, StageChanges>> = {
  'rcsd stage I': stage(rubrics),
  'rcsd stage II': stage(reasoner),
  'rcsd mean': stage(reasoner, { teacher_mixture: 'mean' }),
  'rcsd product': stage(reasoner, { teacher_mixture: 'product', divergence: 'jsd' }),
  'rcsd ratio': stage(reasoner, { teacher_mixture: 'ratio', top_k: 20, tail: true }),
  'rcsd strongest': stage(reasoner, { teacher_mixture: 'strongest', ...EMA }),
  sft: named('sft'),
  filtered: named('sft', { relatives: { sft_source: 'filtered' } }),
  opsd: named('opsd', { teacher_context: 'answer' }),
  grpo: named('grpo', { grpo: { ...stageSettings().grpo, num_generations: 2, kl_coef: 0.05 } }),
  opd: named('opd', { teacher_context: 'answer', ...EMA }),
  sdpo: named('sdpo', { ...JSD, ...EMA, top_k: 20, tail: true }),
  gkd: named('gkd', { ...JSD, relatives: { gkd_lambda: 0.5 } }),
  cripo: named('cripo', {
    ...{ teacher: 'live', batch_size: 6, microbatch_size: 3 },
    grpo: { ...stageSettings().grpo, num_generations: 3 },
    relatives: { cripo_shows_response: false, distill_coef: 0.3, distill_warmup_steps: 4 },
  }),
  grpo_opsd: named('grpo_opsd', { ...JSD, relatives: { distill_coef: 0.3, distill_warmup_steps: 4 } }),
  penalty: named('penalty', { relatives: { penalty_below: 0.003 } }),
  sdft: named('sdft', { ...JSD, top_k: 20, loss_aggregation: 'sequence' }),
  ssd: named('ssd'),
  rlcsd: named('rlcsd', { ...CONTRAST, teacher: 'snapshot', snapshot_every: 2 }),
  majority: named('majority'),
  iw_opd: named('iw_opd', {
    teacher_context: 'answer',
    grpo: { ...stageSettings().grpo, num_iterations: 2, delta: 3 },
  }),
  op2sd: named('op2sd'),
  rlsd: named('rlsd', {
    teacher_context: 'answer',
    teacher: 'snapshot',
    snapshot_every: 2,
    relatives: { rlsd_decay_steps: 4 },
  }),
  opsa: named('opsa'),
  cort: named('cort', {
    ...{ teacher: 'live', grpo: { ...stageSettings().grpo, num_generations: 2, num_iterations: 2 } },
    relatives: { cort_warmup_steps: 1, cort_ramp_steps: 3 },
  }),
  rcsd_sft: named('rcsd_sft', { ...JSD, relatives: { sft_share: 0.5, sft_weight: 0.5 } }),
};
