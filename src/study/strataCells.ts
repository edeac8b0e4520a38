/**
 * What the second part of the study compares, in worlds whose rules differ in how likely the base is to use them untold.
 * All sampling has top_p 1, so that no rule is cut off for being rare.
 */
import { at, type Cell, CONTROLS, changed, DISTILLED, type Group, METHODS, PLAIN_RATE } from './cells';

/** Answers are drawn from the whole distribution, so that a rare rule can be drawn at all. */
const WHOLE_EVALUATION = ['evaluation.top_p=1'] as const;
const WHOLE_DISTRIBUTION = ['stage2.sampling.top_p=1', ...WHOLE_EVALUATION] as const;

const TOLD = ['rollout_context=rubric', 'rubric_source=reference'] as const;

const told = (label: string, group: Group, ...settings: readonly string[]): Cell => ({
  label,
  group,
  settings: [...settings, ...TOLD],
});

/** Content that is told while completions are drawn, and learned without a teacher's distribution. */
export const TOLD_ROLLOUTS = {
  all: told('cross-entropy on told rollouts', 'self-training', 'algorithm=ssd'),
  right: told('rejection SFT on told rollouts', 'self-training', 'algorithm=sft', 'sft_source=filtered'),
  grpo: told('GRPO on told rollouts', 'reinforcement', 'algorithm=grpo'),
} as const satisfies Readonly<Record<string, Cell>>;

/** One constant card with the silent rules, the same for every question. */
export const CARD: Cell = {
  label: 'one card of the silent rules',
  group: 'control',
  settings: ['algorithm=rcsd', 'stages=reasoner', 'rubric_source=silent-laws'],
};

const ALL_BUT_SILENT = 'stage1.strata=modal,minority,gated';

/** Stage I on questions without those of silent templates. */
export const WITHOUT_SILENT: Cell = changed(
  DISTILLED.learned,
  'RCSD, learned without silent references',
  ALL_BUT_SILENT,
);

const { none, filler, placebo, wrong, lawOnly, penalty } = CONTROLS;
const { reference, learned, direct, released, opsd } = DISTILLED;
const { sft, terse, rejection, majority, ssd, grpo, judged, rubrics } = METHODS;

/** Every method at one learning rate, which no trial chose. */
export const STRATA_CELLS: readonly Cell[] = [
  ...[reference, learned, WITHOUT_SILENT, direct, wrong, placebo, filler, lawOnly, CARD, none],
  ...[opsd, released, sft, terse, rejection, majority, ssd, penalty, grpo, judged, rubrics],
  ...Object.values(TOLD_ROLLOUTS),
].map((cell) => at(changed(cell, cell.label, ...WHOLE_DISTRIBUTION), PLAIN_RATE));

const MIXTURES = ['mean', 'product', 'ratio', 'strongest'] as const;
const mixed = (cell: Cell, label: string, mixture: (typeof MIXTURES)[number]): Cell =>
  changed(cell, label, `stage2.teacher_mixture=${mixture}`);

/** A wrong law among four criteria, for one teacher and for the strongest of four. */
export const ONE_WRONG: Cell = {
  label: 'one wrong criterion of four',
  group: 'control',
  settings: ['algorithm=rcsd', 'stages=reasoner', 'rubric_source=one-wrong'],
};

/** One teacher with the whole rubric, or one for each criterion; the first cell is the strata's own. */
export const CRITERIA_CELLS: readonly Cell[] = [
  reference,
  ...MIXTURES.map((mixture) => mixed(reference, `${reference.label}, ${mixture}`, mixture)),
  ONE_WRONG,
  mixed(ONE_WRONG, `${ONE_WRONG.label}, strongest`, 'strongest'),
].map((cell) => at(changed(cell, cell.label, ...WHOLE_DISTRIBUTION), PLAIN_RATE));

/** CriPO's and RLSD's groups as large as GRPO's, so that all cells see as many questions. */
const GROUPS = 'num_generations=4';
/** The share of the run over which a distillation's weight rises: a quarter, as 50 of CriPO's 200 steps. */
const WARM_UP = 'distill_warmup_steps=10';
const REFERENCE = ['stage2.teacher_context=rubric', 'rubric_source=reference'] as const;
const CRIPO = ['algorithm=cripo', 'cripo_shows_response=false', 'rubric_source=reference', GROUPS, WARM_UP] as const;
const CORT = ['algorithm=cort', 'rubric_source=reference'] as const;

const relative = (label: string, group: Group, ...settings: readonly string[]): Cell => ({ label, group, settings });

/**
 * The relatives by what the strata can tell apart: content that is injected, learned at sampled tokens alone, inside one side's support,
 * another question's, or given to an advantage; and pressure without content.
 */
export const RELATIVES_CELLS: readonly Cell[] = [
  relative('CriPO', 'reinforcement', ...CRIPO),
  relative('CriPO, flips alone', 'reinforcement', ...CRIPO, 'distill_coef=0'),
  relative('GRPO + OPSD', 'reinforcement', 'algorithm=grpo_opsd', WARM_UP),
  relative('GRPO + RCSD', 'reinforcement', 'algorithm=grpo_opsd', WARM_UP, ...REFERENCE),
  relative('sampled tokens, reference rubrics', 'self-distillation', 'algorithm=opd', ...REFERENCE),
  relative('IW-OPD, reference rubrics', 'self-distillation', 'algorithm=iw_opd', ...REFERENCE),
  changed(reference, "RCSD, teacher's top 5", 'stage2.top_k=5'),
  changed(
    reference,
    "RCSD, student's top 5",
    'stage2.divergence=reverse_kl',
    'stage2.top_k=5',
    'stage2.support=student',
  ),
  changed(reference, 'RCSD, union of top 5', 'stage2.divergence=jsd', 'stage2.top_k=5', 'stage2.support=union'),
  CONTROLS.sameFamily,
  relative('RLSD', 'reinforcement', 'algorithm=rlsd', GROUPS),
  relative('RLSD, reference rubrics', 'reinforcement', 'algorithm=rlsd', GROUPS, ...REFERENCE),
  relative('OPSA', 'control', 'algorithm=opsa'),
  relative('OPSA, fixed advantage', 'control', 'algorithm=opsa', 'opsa_advantage=fixed'),
  relative('CoRT', 'reinforcement', ...CORT),
  relative('CoRT, untold policy', 'reinforcement', ...CORT, 'cort_criteria=untold'),
].map((cell) => at(changed(cell, cell.label, ...WHOLE_DISTRIBUTION), PLAIN_RATE));

const only = (cell: Cell, strata: string): Cell =>
  changed(cell, `${cell.label}, ${strata.replaceAll(',', ', ')} questions`, `stage2.strata=${strata}`);

/**
 * Training that never sees a question of some strata: a rule that is told to no question moves only if what is learned is
 * not that rule, but a habit shared by all of them.
 */
export const LEFT_OUT_CELLS: readonly Cell[] = [
  ...['modal,minority,gated', 'modal,minority', 'modal'].flatMap((strata) => [
    only(reference, strata),
    only(sft, strata),
  ]),
  only(opsd, 'modal,minority,gated'),
  only(grpo, 'modal,minority'),
].map((cell) => at(changed(cell, cell.label, ...WHOLE_DISTRIBUTION), PLAIN_RATE));

/** Stage I alone, without the questions of silent templates. */
export const WITHOUT_SILENT_STAGE: Cell = {
  label: 'stage I without silent references',
  group: 'self-distillation',
  settings: [ALL_BUT_SILENT],
};

const shown = (label: string, ...settings: readonly string[]): Cell => ({
  label,
  group: 'control',
  settings: [...settings, ...WHOLE_EVALUATION],
});
const source = (name: string): Cell => shown(name, 'context=rubric', `rubric_source=${name}`);

/** What each context does to an untrained base, without context first. */
export const STRATA_CONTEXTS: readonly Cell[] = [
  shown('none', 'context=none'),
  ...['reference', 'law-only', 'placebo', 'filler', 'wrong', 'silent-laws'].map(source),
  shown('answer', 'context=answer'),
  shown('answer + reference', 'context=answer+rubric', 'rubric_source=reference'),
];
