/**
 * What the settings need to know of each algorithm: which of them it reads, and the defaults that it brings. The records are in
 * src/algorithms; a new one is registered here and in src/method/algorithms/index.ts.
 */
import type { StageSettings, TrainConfig } from './train';

/** One algorithm as the settings see it. Names are those of a stage's settings; `grpo.` stands for the group. */
export interface AlgorithmTraits {
  /** Which of the settings in OPTIONAL it reads. */
  readonly reads: readonly string[];
  /** Which of them it may be given for nothing, so that one line of settings serves a comparison. */
  readonly ignores?: readonly string[];
  /** Its teacher is shown an example of a response. */
  readonly demonstrates?: boolean;
  /** Values in place of the profile's for stage II. */
  readonly defaults?: (stage: StageSettings) => Partial<StageSettings>;
  /** Steps outside microscience, where they are not stage II's. */
  readonly steps?: number;
}

const DIVERGENCE = ['divergence', 'beta', 'loss_temperature', 'top_k', 'tail', 'clip', 'clip_mode'];
const CONTEXT = ['teacher_context', 'reason_first', 'reason_by', 'anti_mention'];
const GROUPS = ['grpo.num_generations'];
/** Settings that only some algorithms read. */
const OPTIONAL = [...DIVERGENCE, ...CONTEXT, 'grpo.', 'relatives.'];

const NO_CONTEXT = { teacher_context: 'none', reason_first: false, anti_mention: false } as const;
const NO_CLIP = { clip: 0, clip_mode: 'none' } as const;
const answers = (): Partial<StageSettings> => ({ teacher_context: 'answer' });
const alone = (): Partial<StageSettings> => NO_CONTEXT;

/** Sampling and loss at one temperature. */
const atTemperature = (stage: StageSettings, temperature: number): Partial<StageSettings> => ({
  sampling: { ...stage.sampling, temperature },
  loss_temperature: temperature,
});

/** Every algorithm by the name that the settings know it under. */
export const ALGORITHMS = {
  rcsd: { reads: [...DIVERGENCE, ...CONTEXT] },
  opsd: { reads: [...DIVERGENCE, ...CONTEXT], defaults: answers },
  sft: {
    reads: [...GROUPS, 'relatives.sft_source', 'relatives.sampler'],
    ignores: [...DIVERGENCE, ...CONTEXT],
    defaults: alone,
    steps: 500, // paper: baselines
  },
  grpo: { reads: ['grpo.'], defaults: alone, steps: 500 }, // paper: baselines
  opd: {
    reads: ['loss_temperature', ...CONTEXT],
    defaults: (stage) => ({ ...answers(), ...atTemperature(stage, 1) }), // the cookbook's temperature
  },
  sdpo: {
    reads: [...DIVERGENCE, ...GROUPS],
    demonstrates: true,
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
  },
  gkd: {
    reads: [...DIVERGENCE, ...CONTEXT, 'relatives.gkd_lambda'],
    defaults: (stage) => ({
      ...answers(),
      ...NO_CLIP,
      ...atTemperature(stage, 0.9), // TRL
      divergence: 'jsd', // TRL, with beta 0.5
      top_k: 0, // TRL: the whole vocabulary
    }),
  },
  cripo: {
    reads: [...DIVERGENCE, ...CONTEXT, 'grpo.', 'relatives.distill_coef', 'relatives.distill_warmup_steps'],
    defaults: answers,
    steps: 500, // as GRPO
  },
  penalty: {
    reads: ['relatives.penalty', 'relatives.penalty_below'],
    defaults: alone,
  },
  sdft: {
    reads: DIVERGENCE,
    demonstrates: true,
    defaults: () => ({
      ...NO_CONTEXT,
      ...NO_CLIP,
      teacher: 'ema', // SDFT
      ema_decay: 0.95, // SDFT: rate 0.05
      divergence: 'jsd', // TRL: alpha 0.5
      top_k: 100, // TRL
      loss_aggregation: 'sequence', // TRL
    }),
  },
  ssd: { reads: [], defaults: alone },
  rlcsd: {
    reads: [
      ...GROUPS,
      ...['grpo.num_iterations', 'grpo.rewards', 'grpo.reward_weights', 'grpo.rubric_formula', 'grpo.overlong_buffer'],
      ...['grpo.false_positive', 'grpo.false_negative'],
      ...['grpo.judge_model', 'grpo.judge_kind'],
      ...['grpo.scale_rewards', 'grpo.epsilon', 'grpo.epsilon_high', 'relatives.contrast_coef'],
    ],
    demonstrates: true,
    defaults: (stage) => ({
      ...NO_CONTEXT,
      teacher: 'snapshot', // RLCSD
      snapshot_every: 10, // RLCSD
      loss_aggregation: 'batch-token', // RLCSD: means over tokens
      grpo: { ...stage.grpo, num_generations: 8, epsilon_high: 0.2 }, // RLCSD
    }),
  },
  majority: { reads: [...GROUPS, 'relatives.sampler'], defaults: alone },
} as const satisfies Readonly<Record<string, AlgorithmTraits>>;

/** Name of an algorithm. */
export type AlgorithmName = keyof typeof ALGORITHMS;
/** All names, RCSD first. */
export const ALGORITHM_NAMES = Object.keys(ALGORITHMS) as AlgorithmName[];

/** What the settings know of an algorithm. */
export const traitsOf = (algorithm: AlgorithmName): AlgorithmTraits => ALGORITHMS[algorithm];

const names = (list: readonly string[], name: string): boolean =>
  list.some((entry) => entry === name || (entry.endsWith('.') && name.startsWith(entry)));

/** The name of a setting within its stage. */
const within = (name: string): string => name.replace(/^stage[12]\./, '');

/** Whether an algorithm reads a setting, by its full name or the one within a stage. */
export const readsSetting = (algorithm: AlgorithmName, name: string): boolean =>
  !names(OPTIONAL, within(name)) || names(traitsOf(algorithm).reads, within(name));

/** Whether it may be given a setting. */
export const takesSetting = (algorithm: AlgorithmName, name: string): boolean =>
  readsSetting(algorithm, name) || names(traitsOf(algorithm).ignores ?? [], within(name));

/** Whether a reward reads rubrics. */
const rewardReadsRubrics = ({ rewards, judge_kind }: StageSettings['grpo']): boolean =>
  rewards.some((name) => name.startsWith('rubric')) || (rewards.includes('judge') && judge_kind !== 'grpo');

/** Whether stage II's teacher, or a reward, reads rubrics. */
export const readsRubrics = ({ algorithm, stage2 }: Pick<TrainConfig, 'algorithm' | 'stage2'>): boolean =>
  stage2.teacher_context.includes('rubric') ||
  (readsSetting(algorithm, 'grpo.rewards') && rewardReadsRubrics(stage2.grpo));
