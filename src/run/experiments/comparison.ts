/** What a comparison of methods records: plain data, enough to make tables, figures and the report again. */

import type { RubricYield } from '../../method/rubrics/yield';
import { type Evaluation, scoresOf } from '../../results/evaluation/evaluate';
import { byStratum } from '../../results/evaluation/ladder';
import { recoveredShare } from '../../results/evaluation/statistics';
import type { FamilyScore } from '../../results/figures/families';
import type {
  MethodSummary,
  ReportGuidance,
  ReportRubric,
  RubricCounts,
  StrataSummary,
} from '../../results/report/reportData';

/** comparison.json of a run that compares methods. */
export interface MethodComparison {
  readonly title: string;
  /** What was compared, in a sentence or two. */
  readonly lead: string;
  readonly methods: readonly MethodSummary[];
  /** Accuracy by stratum under each decoding, where questions have strata. */
  readonly strata?: readonly StrataSummary[];
  readonly families: readonly FamilyScore[];
  readonly rubricCounts?: RubricCounts;
  readonly rubrics: readonly ReportRubric[];
  readonly guidance: readonly ReportGuidance[];
  readonly warnings: readonly string[];
  /** Sub-runs whose curves belong together: name and folder below the run. */
  readonly curves: readonly { readonly name: string; readonly folder: string }[];
  readonly reproduce: string;
  readonly seconds: Readonly<Record<string, number>>;
}

/** One method's evaluation; `teacher` names the evaluation whose gap over `base` it is measured against. */
export interface MethodEvaluation {
  readonly method: string;
  readonly evaluation: Evaluation;
  readonly teacher?: Evaluation;
}

/** Summary lines; every method is paired with the base's questions. */
export function summarizeMethods(methods: readonly MethodEvaluation[], base: Evaluation): MethodSummary[] {
  return methods.map(({ method, evaluation, teacher }) => {
    const { decoding, accuracy, process, samples, unparsed, truncated } = evaluation.summary;
    const recovered =
      teacher &&
      recoveredShare({
        student: scoresOf(evaluation.results),
        base: scoresOf(base.results),
        teacher: scoresOf(teacher.results),
      });
    return {
      method,
      ...(decoding && { decoding }),
      accuracy,
      ...(process && { process }),
      ...(recovered && { recovered }),
      questions: accuracy.n,
      samples,
      unparsed,
      truncated,
    };
  });
}

/** Each method's accuracy over all questions and by stratum; none where questions have no strata. */
export function summarizeStrata(methods: readonly Omit<MethodEvaluation, 'teacher'>[]): StrataSummary[] {
  return methods.flatMap(({ method, evaluation }) => {
    const strata = [...byStratum(evaluation)].map(([name, own]) => [name, own.summary.accuracy] as const);
    const { decoding, accuracy } = evaluation.summary;
    if (strata.length === 0) return [];
    return [{ method, ...(decoding && { decoding }), all: accuracy, strata: Object.fromEntries(strata) }];
  });
}

/** Accuracy by the questions' family or topic. */
export function familyScores(methods: readonly MethodEvaluation[]): FamilyScore[] {
  return methods.flatMap(({ method, evaluation }) => {
    const { decoding } = evaluation.summary;
    const groups = new Map<string, number[]>();
    for (const { question, responses } of evaluation.results) {
      const family = String(question.metadata?.family ?? question.metadata?.topic ?? question.task);
      const own = groups.get(family) ?? [];
      for (const { correct } of responses) own.push(correct ? 1 : 0);
      groups.set(family, own);
    }
    return [...groups].map(([family, scores]) => ({
      family,
      method,
      ...(decoding && { decoding }),
      accuracy: scores.reduce((a, b) => a + b, 0) / scores.length,
    }));
  });
}

/** The report's counts of rubrics. */
export const rubricCounts = ({ questions, valid, retried, dropped }: RubricYield): RubricCounts => ({
  asked: questions,
  valid,
  retried,
  dropped,
});
