/** Evaluations as flat rows, for data frames and tables. */
import { decodingText, samplingText } from '../../base/records/decoding';
import { byStratum } from '../../results/evaluation/ladder';
import type { FamilyScore } from '../../results/figures/families';
import type { MethodEvaluation } from '../../run/experiments/comparison';

/** One method's scores. Shares are 0 to 1; `low` and `high` bound the accuracy's 95 % interval. */
export interface ScoreRow {
  readonly method: string;
  /** How its answers were drawn. */
  readonly decoding: string;
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  /** Share of the weighted process criteria met; null where the task does not grade them. */
  readonly process: number | null;
  /** Mean length of an answer in tokens. */
  readonly tokens: number;
  readonly unparsed: number;
  readonly truncated: number;
}

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** One row for each evaluation; shares have three decimals. */
export function scoreRows(methods: readonly MethodEvaluation[]): ScoreRow[] {
  return methods.map(({ method, evaluation: { summary } }) => ({
    method,
    decoding: decodingText(summary.decoding),
    accuracy: round(summary.accuracy.value, 3),
    low: round(summary.accuracy.low, 3),
    high: round(summary.accuracy.high, 3),
    process: summary.process ? round(summary.process.value, 3) : null,
    tokens: round(summary.meanLength, 1),
    unparsed: summary.unparsed,
    truncated: summary.truncated,
  }));
}

/**
 * The share of each method's answers that state the right rule, by stratum, as the cells of a heatmap. The decoding stands
 * behind the method's name, so that several decodings are rows of their own.
 */
export function ruleScores(methods: readonly MethodEvaluation[]): FamilyScore[] {
  return methods.flatMap(({ method, evaluation }) =>
    [...byStratum(evaluation)].flatMap(([stratum, { summary }]) => {
      const { rule, decoding } = summary;
      const name = `${method}, ${samplingText(decoding)}`;
      return rule
        ? [{ family: stratum, method: name, accuracy: round(rule.value, 3), ...(decoding && { decoding }) }]
        : [];
    }),
  );
}

/** The same as one row for each method and decoding, with a column for each stratum. */
export function ruleRows(methods: readonly MethodEvaluation[]): Record<string, string | number>[] {
  return methods.map((own) => {
    const cells = ruleScores([own]).map(({ family, accuracy }) => [family, accuracy] as const);
    return {
      method: own.method,
      decoding: decodingText(own.evaluation.summary.decoding),
      ...Object.fromEntries(cells),
    };
  });
}
