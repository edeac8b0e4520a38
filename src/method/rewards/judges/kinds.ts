/** The kinds of judges: what each is asked, what it needs beside the response, and how its verdicts become a score. */
import type { JudgeTemplateName } from '../../prompts/judgeTemplates';
import type { RubricFormula } from '../../rubrics/score';

/** One rating from 1 to 10. */
export interface RatingKind {
  readonly form: 'rating';
  readonly template: JudgeTemplateName;
  readonly needs: 'rubric' | 'reference';
  /** Whether a reason is asked for before the rating. */
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
  /** Default number of criteria in one call. */
  readonly perCall: number;
}

/** Compares two responses, in both orders. */
export interface PairwiseKind {
  readonly form: 'pairwise';
  readonly template: JudgeTemplateName;
  readonly needs: 'pair';
  readonly reason: boolean;
}

/** The response is a rubric, which is rated from 1 to 5 on each of RUBRIC_DIMENSIONS. */
export interface DimensionsKind {
  readonly form: 'dimensions';
  readonly template: JudgeTemplateName;
  readonly needs: 'reference';
  readonly reason: boolean;
}

export type JudgeKind = RatingKind | CriteriaKind | PairwiseKind | DimensionsKind;

/** What a rubric is rated on, by the judge of the authors' study of rubrics. */
export const RUBRIC_DIMENSIONS = [
  ...(['relevance', 'correctness', 'completeness', 'specificity', 'non_redundancy', 'usefulness'] as const),
] as const;
export type RubricDimension = (typeof RUBRIC_DIMENSIONS)[number];
/** The best rating on a dimension; the worst is 1. */
export const BEST_DIMENSION = 5;

const criteria = { form: 'criteria', template: 'judge_criteria', needs: 'rubric', reason: true, scale: 'met' } as const;

/** The kinds by name; docs/judges.md gives their sources. */
export const JUDGE_KINDS = {
  /** RCSD's judge of open benchmarks (appendix B.2); it is asked for a rating without a reason. */
  paper: { form: 'rating', template: 'judge_paper', needs: 'rubric', reason: false },
  /** The judge of RCSD's GRPO baseline: sees prompt, completion and reference answer. */
  grpo: { form: 'rating', template: 'judge_grpo', needs: 'reference', reason: true },
  'rar-implicit': { form: 'rating', template: 'judge_implicit', needs: 'rubric', reason: true },
  'rar-explicit': { ...criteria, formula: 'rar', perCall: 1 },
  /** Like rar-explicit, with the rubric's own weights. */
  criteria: { ...criteria, formula: 'absolute', perCall: 1 },
  healthbench: { ...criteria, formula: 'healthbench', perCall: 1 },
  researchqa: { ...criteria, template: 'judge_coverage', scale: 'levels', formula: 'uniform', perCall: 8 },
  /** The judge of the authors' study of rubrics: the response is one, and all dimensions are rated in one call. */
  'rubric-quality': { form: 'dimensions', template: 'judge_rubric', needs: 'reference', reason: true },
  pairwise: { form: 'pairwise', template: 'judge_pairwise', needs: 'pair', reason: true },
} as const satisfies Readonly<Record<string, JudgeKind>>;

export type JudgeKindName = keyof typeof JUDGE_KINDS;

/** How a rating r from 1 to `best` is mapped into 0 to 1: `tenth` is r / best (a tenth of r, of the usual 10), `span` is (r - 1) / (best - 1), which reaches 0. */
export type RatingMapping = 'tenth' | 'span';

export const mapRating = (rating: number, mapping: RatingMapping, best = 10): number =>
  mapping === 'tenth' ? rating / best : (rating - 1) / (best - 1);
