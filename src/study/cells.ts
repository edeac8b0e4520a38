/**
 * What the study compares. A cell is a label, a group and the settings of a training run. Settings that all runs share
 * are in COMMON, so a cell contains only what is special about it; `rcsd train` with COMMON and a cell's settings
 * repeats that run.
 */

/** The kind of method that a cell is. */
export type Group = 'self-distillation' | 'control' | 'supervised' | 'self-training' | 'reinforcement';

/** One thing that is compared. */
export interface Cell {
  readonly label: string;
  readonly group: Group;
  /** Settings `name=value`, without the learning rate and the seed. */
  readonly settings: readonly string[];
  /** Learning rate of the answering stage. If absent, the rate that the trials on the development split chose. */
  readonly rate?: number;
}

/** Settings of every run. A collapse is a result here and does not end a run; only the last model is kept. */
export const COMMON = [
  'profile=microscience',
  'evaluation.questions=0',
  'evaluation.samples=2',
  'collapse_stop=false',
  'checkpoint_every=1000000',
] as const;

/**
 * The profile's default learning rate. It is used to compare contexts, so that all of them are taught with the same
 * rate.
 */
export const PLAIN_RATE = 3e-4;
/** The learning rates that are tried for every method. */
export const TRIAL_RATES = [1e-4, 3e-4, 1e-3] as const;

/** Stage II with the rubrics of a source. */
const taught = (source: string, ...more: readonly string[]): readonly string[] => [
  'algorithm=rcsd',
  'stages=reasoner',
  `rubric_source=${source}`,
  ...more,
];
/** Both stages: the rubrics are written by the model from stage I. */
const LEARNED = ['algorithm=rcsd', 'stages=both', 'rubric_source=generated'] as const;
const WITH_ANSWER = 'stage2.teacher_context=answer+rubric';

const distilled = (label: string, settings: readonly string[]): Cell => ({
  label,
  group: 'self-distillation',
  settings,
});
const control = (label: string, settings: readonly string[]): Cell => ({ label, group: 'control', settings });

/** RCSD as it is meant, RCSD with the context of the released code, and OPSD. */
export const DISTILLED = {
  reference: distilled('RCSD, reference rubrics', taught('reference')),
  learned: distilled('RCSD, learned rubrics', LEARNED),
  direct: distilled('RCSD, rubrics of the untrained model', taught('generated')),
  released: distilled('answer + reference rubric', taught('reference', WITH_ANSWER)),
  opsd: distilled('OPSD', ['algorithm=opsd']),
} as const;

/** Controls: teachers that lack something on purpose, and two runs without any content from a teacher. */
export const CONTROLS = {
  none: control('no privileged content', ['algorithm=rcsd', 'stages=reasoner', 'stage2.teacher_context=none']),
  filler: control('filler, as long', taught('filler')),
  generic: control('generic', taught('generic')),
  placebo: control("placebo: another family's, as long", taught('placebo')),
  sameFamily: control("another question's of the family", taught('same-family')),
  wrong: control('wrong law', taught('wrong')),
  lawOnly: control('law only', taught('law-only')),
  stepOnly: control('step only', taught('step-only')),
  full: control('all five criteria', taught('full')),
  allLaws: control('one context of all laws', taught('all-laws')),
  penalty: control('penalty on unlikely tokens', ['algorithm=penalty']),
} as const;

/** The methods without a privileged teacher. GRPO, rejection and majority draw 4 answers to each question. */
export const METHODS = {
  sft: { label: 'SFT, full solutions', group: 'supervised', settings: ['algorithm=sft'] },
  terse: { label: 'SFT, answers only', group: 'supervised', settings: ['algorithm=sft', 'sft_source=answer'] },
  rejection: { label: 'rejection SFT', group: 'self-training', settings: ['algorithm=sft', 'sft_source=filtered'] },
  majority: { label: 'majority vote', group: 'self-training', settings: ['algorithm=majority'] },
  ssd: { label: 'SSD', group: 'self-training', settings: ['algorithm=ssd'] },
  grpo: { label: 'GRPO, exact reward', group: 'reinforcement', settings: ['algorithm=grpo'] },
  judged: {
    label: 'GRPO, judge with 20 % errors each way',
    group: 'reinforcement',
    settings: ['algorithm=grpo', 'false_positive=0.2', 'false_negative=0.2'],
  },
  rubrics: {
    label: 'GRPO-Rubrics, reference',
    group: 'reinforcement',
    settings: ['algorithm=grpo', 'rewards=rubric', 'rubric_source=reference'],
  },
} as const satisfies Readonly<Record<string, Cell>>;

/** A cell at a stated learning rate. */
export const at = (cell: Cell, rate: number): Cell => ({ ...cell, rate });
/** A cell with more settings and another label. */
export const changed = (cell: Cell, label: string, ...more: readonly string[]): Cell => ({
  ...cell,
  label,
  settings: [...cell.settings, ...more],
});
/** Stage II with a degraded source as a control; optionally with the answer added, as in the released code. */
export const degraded = (source: string, answer: boolean): Cell =>
  control(answer ? `answer + ${source}` : source, taught(source, ...(answer ? [WITH_ANSWER] : [])));
/** Both stages, with the answer added to the learned rubric. */
export const releasedLearned: Cell = distilled('answer + learned', [...LEARNED, WITH_ANSWER]);
