/**
 * What the study of reach compares, in worlds that design how likely each rule is untold (p0). Rollouts, losses and
 * evaluations are at temperature 1 and top_p 1 unless a cell says otherwise, and the probability of the right rule is
 * followed while a run trains.
 */
import { at, type Cell, type Group, PLAIN_RATE } from './cells';

const MEASURED = ['evaluation.top_p=1', 'evaluation.questions=280', 'trace_every=5', 'trace_questions=56'] as const;
const SAMPLED = ['stage2.sampling.temperature=1', 'stage2.sampling.top_p=1'] as const;

const cell = (label: string, group: Group, ...settings: readonly string[]): Cell => {
  const names = new Set(settings.map((word) => word.split('=')[0]));
  const common = [...SAMPLED, ...MEASURED].filter((word) => !names.has(word.split('=')[0]));
  return at({ label, group, settings: [...settings, ...common] }, PLAIN_RATE);
};

const steps = (count: number): string => `stage2.steps=${count}`;

/** Stage II under reference rubrics, or under those that a further setting names. */
const taught = (label: string, ...settings: readonly string[]): Cell =>
  cell(
    label,
    'self-distillation',
    ...['algorithm=rcsd', 'stages=reasoner', 'stage2.loss_temperature=1'],
    ...(settings.some((word) => word.startsWith('rubric_source=')) ? [] : ['rubric_source=reference']),
    ...settings,
  );

const REVERSE = 'stage2.divergence=reverse_kl';
const JSD = 'stage2.divergence=jsd';
const TOLD = 'stage2.rollout_context=rubric';

/** Label of a truncated loss. */
export const truncated = (support: string, k: number, tail: boolean): string =>
  `forward KL, ${support}'s top ${k}${tail ? ' with tail' : ''}`;

/** One side's largest entry alone has probability 1 on both sides, so that nothing would be learned. */
const SUPPORTS = ['teacher', 'student', 'union'].flatMap((support) =>
  [1, 5, 20].flatMap((k) =>
    [false, true]
      .filter((tail) => k > 1 || tail || support === 'union')
      .map((tail) =>
        taught(
          truncated(support, k, tail),
          `stage2.top_k=${k}`,
          ...(support === 'teacher' ? [] : [`stage2.support=${support}`]),
          ...(tail ? ['stage2.tail=true'] : []),
        ),
      ),
  ),
);

const sampledTokens = (label: string, ...settings: readonly string[]): Cell =>
  cell(
    label,
    'self-distillation',
    ...['algorithm=opd', 'stage2.teacher_context=rubric', 'rubric_source=reference'],
    ...settings,
  );

const grpo = (label: string, ...settings: readonly string[]): Cell =>
  cell(label, 'reinforcement', 'algorithm=grpo', ...settings);
const GROUP_OF_32 = 'num_generations=32';
const HOT = 'stage2.sampling.temperature=1.6';
const ENTROPY = 'entropy_coef=0.01';
const LONG = steps(400);

/** The reach of each loss and of rewards. Where no number of steps is named, there are 40. */
export const REACH_CELLS: readonly Cell[] = [
  taught('forward KL'),
  taught('reverse KL', REVERSE),
  taught('JSD', JSD),
  taught('forward KL, 20 steps', steps(20)),
  taught('forward KL, 160 steps', steps(160)),
  taught('reverse KL, 160 steps', REVERSE, steps(160)),
  taught('JSD, 160 steps', JSD, steps(160)),
  sampledTokens('sampled tokens'),
  sampledTokens('sampled tokens, top_p .95', 'stage2.sampling.top_p=0.95'),
  sampledTokens('sampled tokens, 160 steps', steps(160)),
  taught('forward KL, entry clip .05', 'stage2.clip=0.05', 'stage2.clip_mode=entry'),
  taught('forward KL, position clip .05', 'stage2.clip=0.05', 'stage2.clip_mode=position'),
  ...['0', '0.7', '1.2'].map((t) => taught(`forward KL, rollouts at T ${t}`, `stage2.sampling.temperature=${t}`)),
  taught('forward KL, told rollouts, 20 steps', TOLD, steps(20)),
  taught('forward KL, told rollouts', TOLD),
  taught('forward KL, told rollouts, 160 steps', TOLD, steps(160)),
  cell('cross-entropy, told rollouts', 'self-training', 'algorithm=ssd', TOLD, 'rubric_source=reference'),
  cell('SFT', 'supervised', 'algorithm=sft'),
  cell('SFT, 160 steps', 'supervised', 'algorithm=sft', steps(160)),
  taught('placebo', 'rubric_source=placebo'),
  ...SUPPORTS,
  grpo('GRPO'),
  grpo('GRPO, groups of 32', GROUP_OF_32),
  grpo('GRPO, T 1.2', 'stage2.sampling.temperature=1.2'),
  grpo('GRPO, T 1.6', HOT),
  grpo('GRPO, entropy bonus', ENTROPY),
  grpo('GRPO, 400 steps', LONG),
  grpo('GRPO, groups of 32, 400 steps', GROUP_OF_32, LONG),
  grpo('GRPO, T 1.6, 400 steps', HOT, LONG),
  grpo('GRPO, entropy bonus, 400 steps', ENTROPY, LONG),
];

/** The template that no question of one cell teaches; in the first base its rule is never used untold. */
export const LEFT_OUT = 'MOVE-speed';
/** The phrasing that no question of one cell has. */
export const UNSEEN_PHRASING = 3;

/** Shares of the rubrics that name the rule, for both directions of the KL. */
export const DOSES = { forward: [0.1, 0.3, 0.5, 0.6, 0.7], reverse: [0.5, 0.6, 0.7, 0.8] } as const;

/** Label of a cell whose rubrics name the rule in a share of the questions. */
export const dosed = (direction: keyof typeof DOSES, share: number): string =>
  `${direction} KL, rule in ${100 * share} %`;

const dose = (direction: keyof typeof DOSES): Cell[] =>
  DOSES[direction].map((share) =>
    taught(
      dosed(direction, share),
      `rubric_source=dose:${share}`,
      steps(160),
      ...(direction === 'reverse' ? [REVERSE] : []),
    ),
  );

/** A second training that begins where the first one ended; its settings have the prefix `then.`. */
const then = (...settings: readonly string[]): string[] =>
  [...settings, steps(200), ...SAMPLED, ...MEASURED].map((word) => `then.${word}`);

/** How much of the rule must be told, in which form, and what carries over, is forgotten or remains. */
export const DOSE_CELLS: readonly Cell[] = [
  ...dose('forward'),
  ...dose('reverse'),
  taught('rule in two criteria', 'rubric_source=split'),
  taught('rule in two criteria, a teacher for each', 'rubric_source=split', 'stage2.teacher_mixture=strongest'),
  taught('half of the rule', 'rubric_source=half'),
  taught('rule by its code', 'rubric_source=coded'),
  taught("another family's code", 'rubric_source=coded-placebo'),
  taught("another template's rule", 'rubric_source=permuted'),
  taught('without one phrasing', `stage2.leave_out=phrasing=${UNSEEN_PHRASING}`),
  taught('without one template', `stage2.leave_out=template=${LEFT_OUT}`),
  taught('then SFT on absent rules', ...then('algorithm=sft', 'stage2.strata=absent')),
  taught('then its own answers', ...then('algorithm=ssd')),
];

/**
 * Training on the rules of the rarest level alone. These cells were added after the first base's rows had been seen, to tell what a loss does
 * to a rule from what the other rules of its training carry over.
 */
const ALONE = 'stage2.strata=0';
export const ALONE_CELLS: readonly Cell[] = [
  taught('forward KL, p0 = 0 alone', ALONE),
  taught('reverse KL, p0 = 0 alone', REVERSE, ALONE),
  taught('JSD, p0 = 0 alone', JSD, ALONE),
  sampledTokens('sampled tokens, p0 = 0 alone', ALONE),
  grpo('GRPO, p0 = 0 alone', ALONE),
  grpo('GRPO, p0 = 0 alone, 400 steps', ALONE, LONG),
];

const shown = (label: string, ...settings: readonly string[]): Cell => ({
  label,
  group: 'control',
  settings: [...settings, 'evaluation.top_p=1'],
});

/** What each context does to an untrained base, without context first. */
export const REACH_CONTEXTS: readonly Cell[] = [
  shown('none', 'context=none'),
  ...['reference', 'coded', 'coded-placebo', 'split', 'half', 'permuted', 'placebo', 'wrong'].map((source) =>
    shown(source, 'context=rubric', `rubric_source=${source}`),
  ),
];
