/**
 * Sums up a set of judgements: the mean score, what is missing and, with labels and repeats, how far the judge can be
 * trusted. Agreement counts every judgement that has a score. Intervals are over responses; the repeats of a response
 * stay together.
 */
import { mean } from 'simple-statistics';
import type { Judgement } from '../../method/rewards/judges/judgement';
import { RUBRIC_DIMENSIONS, type RubricDimension } from '../../method/rewards/judges/kinds';
import { areaUnderCurve } from '../../method/rubrics/discrimination';
import type { Estimate } from '../evaluation/intervals';
import { clusteredMean } from '../evaluation/statistics';
import {
  type BootstrapEstimate,
  bootstrapClusters,
  cohenKappa,
  intraclassCorrelation,
  type KappaWeights,
  partialSpearman,
  type Slope,
  slopeBeside,
  spearman,
} from './agreement';

/**
 * What labels mean: right or wrong (0, 1); a rating from 1 to 10; a score from 0 to 1; or the better of a pair (1 for
 * the response, 0 for the other, 0.5 for a tie).
 */
export type LabelScale = 'binary' | 'rating' | 'score' | 'preference';

/** A response with its judgements, one for each repeat. */
export interface JudgedRow {
  /** Characters of the response as judged; for a pair, how much longer the response is than the other. */
  readonly length: number;
  readonly judgements: readonly Judgement[];
  readonly label?: number;
  /** A label for each criterion, 0 to 1; null where it has none. */
  readonly criteria?: readonly (number | null)[];
}

/**
 * Agreement with labels; measures that do not apply to the scale are absent. `n` counts judgements that have both a
 * score and a label.
 */
export interface Agreement {
  readonly n: number;
  readonly accuracy?: BootstrapEstimate;
  readonly kappa?: BootstrapEstimate;
  readonly linearKappa?: BootstrapEstimate;
  readonly quadraticKappa?: BootstrapEstimate;
  readonly auc?: BootstrapEstimate;
  readonly spearman?: BootstrapEstimate;
  readonly meanAbsoluteDifference?: BootstrapEstimate;
  /** For undefined measures, the reason by name of the measure. */
  readonly undefined?: Readonly<Partial<Record<Measure, string>>>;
}

export type Measure = Exclude<keyof Agreement, 'n' | 'undefined'>;

/** How a judge agrees with itself over repeats with different seeds. */
export interface Repeatability {
  readonly repeats: number;
  /** Pairs of repeats of one response that both have a score. */
  readonly pairs: number;
  readonly equal: number;
  readonly meanAbsoluteDifference: number;
  readonly icc: number | undefined;
}

/** How far the score depends on length, with the label held fixed where there is one. */
export interface LengthBias {
  readonly correlation: number | undefined;
  /** Score per 1000 characters. */
  readonly slope: Slope | undefined;
  readonly besideLabel: boolean;
}

/** How far verdicts on pairs depend on the order. */
export interface PairOrders {
  readonly pairs: number;
  readonly consistent: number;
  /** Among verdicts that are not ties, the share for the response shown first. */
  readonly firstPreferred: number | undefined;
  readonly ties: number;
}

export interface JudgeReport {
  readonly responses: number;
  readonly judgements: number;
  /** Mean over responses; HealthBench's is the mean of unclipped scores, clipped at 0. */
  readonly score: Estimate;
  /** Judgements without a score, and verdicts that could not be read. */
  readonly unscored: number;
  readonly unscoredVerdicts: number;
  readonly calls: number;
  readonly malformed: number;
  readonly failed: number;
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly labels?: LabelScale;
  readonly agreement?: Agreement;
  readonly criteria?: Agreement;
  readonly repeatability?: Repeatability;
  readonly length?: LengthBias;
  readonly orders?: PairOrders;
  /** Of rubrics: the mean rating from 1 to 5 on each dimension, and of their means. */
  readonly dimensions?: Readonly<Record<RubricDimension | 'overall', Estimate>>;
}

export interface ReportOptions {
  readonly labels?: LabelScale;
  /** Scores from this value on count as right. */
  readonly threshold: number;
}

type Pair = readonly [judged: number, label: number];

const hasScore = (judgement: Judgement): judgement is Judgement & { score: number } => judgement.score !== null;
const total = (judgements: readonly Judgement[], of: (judgement: Judgement) => number): number =>
  judgements.reduce((sum, judgement) => sum + of(judgement), 0);

export function judgeReport(rows: readonly JudgedRow[], { labels, threshold }: ReportOptions): JudgeReport {
  const all = rows.flatMap(({ judgements }) => judgements);
  const scores = clusteredMean(
    rows.map(({ judgements }) => judgements.filter(hasScore).map(({ score, unclipped }) => unclipped ?? score)),
  );
  const criteria = rows.some((row) => row.criteria) ? criteriaAgreement(rows) : undefined;
  const repeats = Math.max(0, ...rows.map(({ judgements }) => judgements.length));
  return {
    responses: rows.length,
    judgements: all.length,
    score: { ...scores, value: Math.max(0, scores.value) },
    unscored: all.filter((judgement) => !hasScore(judgement)).length,
    unscoredVerdicts: total(all, ({ unscored }) => unscored),
    calls: total(all, ({ effort }) => effort.calls),
    malformed: total(all, ({ effort }) => effort.malformed),
    failed: total(all, ({ effort }) => effort.failed),
    promptTokens: total(all, ({ effort }) => effort.promptTokens),
    completionTokens: total(all, ({ effort }) => effort.completionTokens),
    ...(labels && { labels, agreement: labelAgreement(rows, labels, threshold) }),
    ...(criteria && { criteria }),
    ...(repeats > 1 && { repeatability: repeatability(rows, repeats) }),
    length: lengthBias(rows),
    ...(all.some(({ orders }) => orders) && { orders: pairOrders(all) }),
    ...(all.some(({ dimensions }) => dimensions) && { dimensions: meanDimensions(rows) }),
  };
}

/** Means over rubrics, the repeats of one together. */
function meanDimensions(rows: readonly JudgedRow[]): Record<RubricDimension | 'overall', Estimate> {
  const meanOf = (of: (judgement: Judgement) => number | null | undefined): Estimate =>
    clusteredMean(rows.map(({ judgements }) => judgements.flatMap((judgement) => of(judgement) ?? [])));
  const each = RUBRIC_DIMENSIONS.map((name) => [name, meanOf(({ dimensions }) => dimensions?.[name])]);
  return { ...Object.fromEntries(each), overall: meanOf(({ rating }) => rating) };
}

const isSingle = (values: readonly number[]): boolean => new Set(values).size < 2;

/** Why a measure of these pairs is undefined. */
function whyUndefined(pairs: readonly Pair[]): string {
  if (pairs.length === 0) return 'no judgement with a label has a score';
  if (isSingle(pairs.map(([, label]) => label))) return 'there is only one label';
  return isSingle(pairs.map(([judged]) => judged)) ? 'the judge gives the same score throughout' : 'too few judgements';
}

const kappaOf =
  (category: (value: number) => number, classes: number, weights: KappaWeights = 'none') =>
  (pairs: readonly Pair[]): number | undefined => {
    const classed = pairs.map(([judged, label]) => [category(judged), category(label)] as const);
    // With one label only, kappa would be 0 whatever the judge says.
    return isSingle(classed.map(([, label]) => label)) ? undefined : cohenKappa(classed, classes, weights);
  };

const equalShare =
  (category: (value: number) => number) =>
  (pairs: readonly Pair[]): number | undefined =>
    pairs.length > 0 ? mean(pairs.map(([judged, label]) => Number(category(judged) === category(label)))) : undefined;

const absoluteDifference = (pairs: readonly Pair[]): number | undefined =>
  pairs.length > 0 ? mean(pairs.map(([judged, label]) => Math.abs(judged - label))) : undefined;

const rankCorrelation = (pairs: readonly Pair[]): number | undefined =>
  spearman(
    pairs.map(([judged]) => judged),
    pairs.map(([, label]) => label),
  );

const curve = (pairs: readonly Pair[]): number | undefined =>
  areaUnderCurve(
    pairs.flatMap(([judged, label]) => (label >= 0.5 ? judged : [])),
    pairs.flatMap(([judged, label]) => (label < 0.5 ? judged : [])),
  );

/** Agreement over clusters of pairs, measured by the given statistics. */
function measure(
  clusters: readonly (readonly Pair[])[],
  statistics: Readonly<Partial<Record<Measure, (pairs: readonly Pair[]) => number | undefined>>>,
): Agreement {
  const filled = clusters.filter((pairs) => pairs.length > 0);
  const found = Object.entries(statistics).map(([name, of]) => [name, bootstrapClusters(filled, of)] as const);
  const why = whyUndefined(filled.flat());
  const lacking = found.flatMap(([name, estimate]) => (estimate ? [] : [[name, why] as const]));
  return {
    n: filled.flat().length,
    ...Object.fromEntries(found.filter(([, estimate]) => estimate)),
    ...(lacking.length > 0 && { undefined: Object.fromEntries(lacking) }),
  };
}

function labelAgreement(rows: readonly JudgedRow[], scale: LabelScale, threshold: number): Agreement {
  const clusters = rows.map(({ label, judgements }) =>
    judgements.flatMap((judgement): Pair[] => {
      const value = scale === 'rating' ? judgement.rating : judgement.score;
      return label === undefined || value === null || value === undefined ? [] : [[value, label]];
    }),
  );
  if (scale === 'binary') {
    const right = (value: number) => Number(value >= threshold);
    // A label is 1 or 0, so the threshold applies to the judge's scores only.
    const decided = clusters.map((pairs) => pairs.map(([judged, label]): Pair => [right(judged), label]));
    const same = (value: number) => value;
    const verdicts = measure(decided, { accuracy: equalShare(same), kappa: kappaOf(same, 2) });
    const scores = measure(clusters, { auc: curve });
    const lacking = { ...verdicts.undefined, ...scores.undefined };
    return { ...verdicts, ...scores, ...(Object.keys(lacking).length > 0 && { undefined: lacking }) };
  }
  if (scale === 'preference') {
    const third = (value: number) => Math.round(value * 2);
    return measure(clusters, { accuracy: equalShare(third), kappa: kappaOf(third, 3) });
  }
  const spread = { spearman: rankCorrelation, meanAbsoluteDifference: absoluteDifference };
  if (scale === 'score') return measure(clusters, spread);
  const category = (rating: number) => Math.round(rating) - 1;
  return measure(clusters, {
    accuracy: equalShare(category),
    kappa: kappaOf(category, 10),
    linearKappa: kappaOf(category, 10, 'linear'),
    quadraticKappa: kappaOf(category, 10, 'quadratic'),
    ...spread,
  });
}

/** Verdicts on criteria against their labels, in fifths of the scale: met or not, or five levels. */
function criteriaAgreement(rows: readonly JudgedRow[]): Agreement {
  const clusters = rows.map(({ criteria, judgements }) =>
    judgements.flatMap(({ verdicts }) =>
      (verdicts ?? []).flatMap(({ degree }, i): Pair[] => {
        const label = criteria?.[i] ?? null;
        return degree === null || label === null ? [] : [[degree, label]];
      }),
    ),
  );
  const binary = clusters.flat().every(([, label]) => label === 0 || label === 1);
  const level = binary ? (value: number) => Number(value >= 0.5) : (value: number) => Math.round(value * 4);
  return measure(clusters, {
    accuracy: equalShare(level),
    kappa: kappaOf(level, binary ? 2 : 5),
    ...(binary ? { auc: curve } : { quadraticKappa: kappaOf(level, 5, 'quadratic') }),
  });
}

/** Two judgements are equal if all their verdicts are. */
const verdictOf = ({ score, verdicts, preference }: Judgement): string =>
  JSON.stringify(preference ?? verdicts?.map(({ degree }) => degree) ?? score);

function repeatability(rows: readonly JudgedRow[], repeats: number): Repeatability {
  const pairs = rows.flatMap(({ judgements }) => {
    const scored = judgements.filter(hasScore);
    return scored.flatMap((a, i) => scored.slice(i + 1).map((b) => [a, b] as const));
  });
  const complete = rows
    .map(({ judgements }) => judgements.filter(hasScore).map(({ score }) => score))
    .filter((scores) => scores.length === repeats);
  const share = (of: (a: Judgement, b: Judgement) => number) =>
    pairs.length > 0 ? mean(pairs.map(([a, b]) => of(a, b))) : Number.NaN;
  return {
    repeats,
    pairs: pairs.length,
    equal: share((a, b) => Number(verdictOf(a) === verdictOf(b))),
    meanAbsoluteDifference: share((a, b) => Math.abs((a.score ?? 0) - (b.score ?? 0))),
    icc: intraclassCorrelation(complete),
  };
}

/** Measured over responses, with the mean of their repeats' scores. */
function lengthBias(rows: readonly JudgedRow[]): LengthBias {
  const labelled = rows.filter(({ label }) => label !== undefined);
  const besideLabel = labelled.length > 0;
  const used = (besideLabel ? labelled : rows).flatMap(({ length, judgements, label = 0 }) => {
    const scores = judgements.filter(hasScore).map(({ score }) => score);
    return scores.length > 0 ? { length: length / 1000, score: mean(scores), label } : [];
  });
  const [lengths, scores, labels] = [used.map((r) => r.length), used.map((r) => r.score), used.map((r) => r.label)];
  return {
    correlation: partialSpearman(scores, lengths, labels),
    slope: slopeBeside(lengths, scores, labels),
    besideLabel,
  };
}

function pairOrders(judgements: readonly Judgement[]): PairOrders {
  const complete = judgements.filter(({ preference }) => preference !== null && preference !== undefined);
  const shown = judgements.flatMap(({ orders = [] }) =>
    orders.flatMap(({ better }, i) => {
      if (better === null || better === 'tie') return [];
      return [(better === 'a') === (i === 0)];
    }),
  );
  return {
    pairs: complete.length,
    consistent: complete.filter(({ consistent }) => consistent).length,
    firstPreferred: shown.length > 0 ? mean(shown.map(Number)) : undefined,
    ties: complete.filter(({ preference }) => preference === 'tie').length,
  };
}
