/** The kinds of judges: what each is asked, what it needs beside the response, and how verdicts become a score. */
import type { JudgeTemplateName } from '../../prompts/judgeTemplates';
import type { RubricFormula } from '../../rubrics/score';

/** One rating from 1 to 10. */
export interface RatingKind {
  readonly form: 'rating';
  readonly template: JudgeTemplateName;
  readonly needs: 'rubric' | 'reference';
  /** Asks for a reason before the rating. */
  readonly reason: boolean;
}

/** A verdict on each criterion: met or not, or one of five levels. */
export interface CriteriaKind {
  readonly form: 'criteria';
  readonly template: JudgeTemplateName;
  readonly needs: 'rubric';
  readonly reason: boolean;
  readonly scale: 'met' | 'levels';
  readonly formula: RubricFormula;
  /** Criteria in one call unless told otherwise. */
  readonly perCall: number;
}

/** Two responses, in both orders. */
export interface PairwiseKind {
  readonly form: 'pairwise';
  readonly template: JudgeTemplateName;
  readonly needs: 'pair';
  readonly reason: boolean;
}

/** Any of them. */
export type JudgeKind = RatingKind | CriteriaKind | PairwiseKind;

const criteria = { form: 'criteria', template: 'judge_criteria', needs: 'rubric', reason: true, scale: 'met' } as const;

/** The kinds by name. The sources stand in docs/judges.md. */
export const JUDGE_KINDS = {
  /** RCSD's judge of open benchmarks (B.2), which is asked for a rating alone. */
  paper: { form: 'rating', template: 'judge_paper', needs: 'rubric', reason: false },
  /** The judge of RCSD's GRPO baseline: prompt, completion, reference. */
  grpo: { form: 'rating', template: 'judge_grpo', needs: 'reference', reason: true },
  'rar-implicit': { form: 'rating', template: 'judge_implicit', needs: 'rubric', reason: true },
  'rar-explicit': { ...criteria, formula: 'rar', perCall: 1 },
  /** As rar-explicit, with the rubric's own weights. */
  criteria: { ...criteria, formula: 'absolute', perCall: 1 },
  healthbench: { ...criteria, formula: 'healthbench', perCall: 1 },
  researchqa: { ...criteria, template: 'judge_coverage', scale: 'levels', formula: 'uniform', perCall: 8 },
  pairwise: { form: 'pairwise', template: 'judge_pairwise', needs: 'pair', reason: true },
} as const satisfies Readonly<Record<string, JudgeKind>>;

/** Name of a kind. */
export type JudgeKindName = keyof typeof JUDGE_KINDS;

/** How a rating from 1 to 10 becomes 0..1: r / 10, or (r - 1) / 9, which reaches 0. */
export type RatingMapping = 'tenth' | 'span';

/** A rating in 0..1. */
export const mapRating = (rating: number, mapping: RatingMapping): number =>
  mapping === 'tenth' ? rating / 10 : (rating - 1) / 9;
