/**
 * What the study compares: every cell is a label, a group and the settings of a training run. Settings that all runs share are in
 * COMMON, so that a cell says only what makes it differ; `rcsd train` with COMMON and a cell's settings is that run.
 */

/** What a cell is to the comparison. */
export type Group = 'self-distillation' | 'control' | 'supervised' | 'self-training' | 'reinforcement';

/** One thing that is compared. */
export interface Cell {
  readonly label: string;
  readonly group: Group;
  /** `name=value`, without the learning rate and the seed. */
  readonly settings: readonly string[];
  /** Learning rate of the answering stage; absent: the one its trials on the development split chose. */
  readonly rate?: number;
}

/** Settings of every run. A collapse is a result here and ends no run; only the last model is kept. */
export const COMMON = [
  'profile=microscience',
  'evaluation.questions=0',
  'evaluation.samples=2',
  'collapse_stop=false',
  'checkpoint_every=1000000',
] as const;

/** The profile's learning rate, which no trial chose: every context is taught with the same one. */
export const PLAIN_RATE = 3e-4;
/** The rates that every method is tried with. */
export const TRIAL_RATES = [1e-4, 3e-4, 1e-3] as const;

/** Stage II with the rubrics of a source. */
const taught = (source: string, ...more: readonly string[]): readonly string[] => [
  'algorithm=rcsd',
  'stages=reasoner',
  `rubric_source=${source}`,
  ...more,
];
/** Both stages: the rubrics are written by the model that stage I made. */
const LEARNED = ['algorithm=rcsd', 'stages=both', 'rubric_source=generated'] as const;
const WITH_ANSWER = 'stage2.teacher_context=answer+rubric';

const distilled = (label: string, settings: readonly string[]): Cell => ({
  label,
  group: 'self-distillation',
  settings,
});
const control = (label: string, settings: readonly string[]): Cell => ({ label, group: 'control', settings });

/** RCSD as it is meant, its released context, and OPSD. */
export const DISTILLED = {
  reference: distilled('RCSD, reference rubrics', taught('reference')),
  learned: distilled('RCSD, learned rubrics', LEARNED),
  direct: distilled('RCSD, rubrics of the untrained model', taught('generated')),
  released: distilled('answer + reference rubric', taught('reference', WITH_ANSWER)),
  opsd: distilled('OPSD', ['algorithm=opsd']),
} as const;

/** Teachers that lack something on purpose, and two runs without a teacher's content. */
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

/** The methods without a privileged teacher. GRPO draws 4 answers a question, rejection and majority too. */
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
/** A cell with more settings, under another label. */
export const changed = (cell: Cell, label: string, ...more: readonly string[]): Cell => ({
  ...cell,
  label,
  settings: [...cell.settings, ...more],
});
/** Stage II with a degraded source, as control; with the answer beside it as in the released code. */
export const degraded = (source: string, answer: boolean): Cell =>
  control(answer ? `answer + ${source}` : source, taught(source, ...(answer ? [WITH_ANSWER] : [])));
/** Both stages with the answer beside the learned rubric. */
export const releasedLearned: Cell = distilled('answer + learned', [...LEARNED, WITH_ANSWER]);
