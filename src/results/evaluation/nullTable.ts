/**
 * Simulates null tables: what a table of methods on benchmarks looks like when all methods are equally good. Every
 * method meets the same questions with the same chances; only the runs and the sampled answers differ.
 *
 * The chances of a benchmark's n questions are the quantiles (i - 1/2) / n of a beta distribution. An answer is right
 * with its question's chance; the rating of a judged answer is 1 plus the sum of nine such trials. A training run moves
 * each question's chance by another beta distribution, so a question's k answers are beta-binomial. The score of a
 * benchmark is a sum over questions: its distribution is computed once, by convolution, and tables are drawn from it.
 * Scores are shares, 0 to 1.
 */
import { mean, quantile } from 'simple-statistics';
import { createRandom, type Random } from '../../engine/tensors/random';
import { betaQuantile } from './distributions';
import { type Estimate, wilson } from './intervals';
import { QUESTION_SHARE } from './power';
import { OPSD_DECODING, OPSD_REPRODUCTIONS, PUBLISHED_BENCHMARKS, publishedTable } from './published';
import { estimate } from './statistics';

/** A benchmark of a null table. */
export interface NullBenchmark {
  readonly name: string;
  readonly questions: number;
  readonly samples: number;
  /** Mean score of every method. */
  readonly mean: number;
  /** Whether answers are ratings of 1 to 10 (shown as tenths) instead of right or wrong. */
  readonly judged?: boolean;
}

/** The assumptions; each has a default. */
export interface NullTableOptions {
  readonly benchmarks?: readonly NullBenchmark[];
  readonly methods?: number;
  readonly tables?: number;
  readonly seed?: number;
  /** The lead to look for, on average over the benchmarks. */
  readonly lead?: number;
  /** Share of the variance of single answers that lies between questions. */
  readonly questionShare?: number;
  /** Share of the variance within questions that lies between runs. */
  readonly runShare?: number;
  /** Standard deviation of a shift that a run gives to all questions of a benchmark together. */
  readonly runDeviation?: number;
}

/** What the simulated tables show. */
export interface NullTable {
  readonly tables: number;
  readonly methods: number;
  readonly lead: number;
  /** Standard deviation of one method's average. */
  readonly deviation: number;
  /** Lead of the best method over the second: median, 95th and 99th percentile. */
  readonly overSecond: { readonly median: number; readonly p95: number; readonly p99: number };
  /**
   * Share of tables in which the best method leads by `lead` or more: over the second, over one rival named beforehand,
   * and over the worst.
   */
  readonly leads: { readonly second: Estimate; readonly rival: Estimate; readonly worst: Estimate };
  /** Share of tables in which the best method leads the second by at least 0, 0.1, ... 2 points. */
  readonly survival: readonly { readonly lead: number; readonly share: number }[];
  /** `wins[w]` is the share of tables whose best method is first on at least w benchmarks. */
  readonly wins: readonly number[];
}

/**
 * Share of the variance within questions that lies between runs, from reproductions of OPSD (`reproducedRunShare`,
 * rounded).
 */
export const RUN_SHARE = 0.12;

/** Standard deviation over runs of the score on 30 questions, from the same reproductions: 1.8 points. */
export const RUN_DEVIATION = 0.018;

/** The paper's six benchmarks with its n and k, and with the mean score of its six methods. */
export function paperBenchmarks(): NullBenchmark[] {
  const { rows } = publishedTable('table-1');
  return PUBLISHED_BENCHMARKS.map((benchmark, column) => ({
    ...benchmark,
    mean: mean(rows.map(({ values }) => values[column] as number)) / 100,
  }));
}

/**
 * Share of variance between questions, from the published decoding errors: 1 - sum n k s.e.^2 / sum p(1 - p), about
 * 0.62.
 */
export function reproducedQuestionShare(): number {
  const within = OPSD_DECODING.map(({ error }) => 30 * 48 * (error / 100) ** 2);
  const whole = OPSD_DECODING.map(({ score }) => (score / 100) * (1 - score / 100));
  return 1 - mean(within) / mean(whole);
}

/**
 * Share r of the variance within questions that lies between runs, from published and reproduced scores of OPSD by
 * moments: E d^2 = w / 30 (2r + (1 - r)(1/k1 + 1/k2)) with w = (1 - question share) p(1 - p). About 0.12. The
 * differences also contain whatever else was not the same (hardware, versions, choice of the step), so r is rather too
 * high.
 */
export function reproducedRunShare(questionShare = reproducedQuestionShare()): number {
  const terms = OPSD_REPRODUCTIONS.map(({ published, reproduced, samples: [k1, k2] }) => {
    const p = (published + reproduced) / 200;
    const unit = ((1 - questionShare) * p * (1 - p)) / 30;
    const noise = 1 / k1 + 1 / k2;
    return { gap: ((published - reproduced) / 100) ** 2 - unit * noise, slope: unit * (2 - noise) };
  });
  return mean(terms.map(({ gap }) => gap)) / mean(terms.map(({ slope }) => slope));
}

/**
 * Probabilities of 0 to `trials` right answers under a beta-binomial with mean p and intraclass correlation `share`.
 */
function betaBinomial(trials: number, p: number, share: number): number[] {
  const size = share > 0 ? 1 / share - 1 : 1e12;
  const [a, b] = [p * size, (1 - p) * size];
  const chances = [1];
  for (let x = 0; x < trials; x++) {
    const next = ((trials - x) * (a + x)) / ((x + 1) * (b + trials - x - 1));
    chances.push((chances[x] as number) * next);
  }
  const total = chances.reduce((sum, chance) => sum + chance, 0);
  return chances.map((chance) => chance / total);
}

/** Distribution function of the number of right trials over all questions, and the score that each number means. */
interface ScoreDistribution {
  readonly cumulative: Float64Array;
  readonly score: (right: number) => number;
}

/** The exact distribution of one method's score on a benchmark. */
function scoreDistribution(benchmark: NullBenchmark, questionShare: number, runShare: number): ScoreDistribution {
  const { questions, samples, judged = false } = benchmark;
  const trials = samples * (judged ? 9 : 1);
  const p = judged ? (benchmark.mean - 0.1) / 0.9 : benchmark.mean;
  const size = 1 / questionShare - 1;
  let chance: Float64Array = Float64Array.of(1);
  for (let i = 0; i < questions; i++) {
    const own = betaQuantile((i + 0.5) / questions, p * size, (1 - p) * size);
    chance = convolve(chance, betaBinomial(trials, Math.min(1 - 1e-9, Math.max(1e-9, own)), runShare));
  }
  let total = 0;
  const cumulative = chance.map((each) => (total += each));
  const whole = questions * trials;
  return { cumulative, score: (right) => (judged ? 0.1 + (0.9 * right) / whole : right / whole) };
}

function convolve(chance: Float64Array, own: readonly number[]): Float64Array {
  const next = new Float64Array(chance.length + own.length - 1);
  own.forEach((share, x) => {
    for (let at = 0; at < chance.length; at++) next[at + x] = (next[at + x] as number) + share * (chance[at] as number);
  });
  return next;
}

/** Draws a number from a distribution function by bisection. */
function draw(cumulative: Float64Array, random: Random): number {
  const u = random.next() * (cumulative[cumulative.length - 1] as number);
  let [low, high] = [0, cumulative.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] as number) > u) high = middle;
    else low = middle + 1;
  }
  return low;
}

const LEADS = Array.from({ length: 21 }, (_, i) => i / 1000);

/**
 * Simulates tables in which no method is better than another. Throws RangeError for fewer than two methods or no table.
 */
export function nullTable(options: NullTableOptions = {}): NullTable {
  const { benchmarks = paperBenchmarks(), methods = 6, tables = 10_000, seed = 20260617, lead = 0.009 } = options;
  const { questionShare = QUESTION_SHARE, runShare = RUN_SHARE, runDeviation = 0 } = options;
  if (methods < 2 || tables < 1) throw new RangeError('a null table needs at least two methods and one table');
  const distributions = benchmarks.map((benchmark) => scoreDistribution(benchmark, questionShare, runShare));
  const random = createRandom(seed);
  const one = (): number[] =>
    distributions.map(
      ({ cumulative, score }) =>
        score(draw(cumulative, random)) + (runDeviation > 0 ? runDeviation * random.normal() : 0),
    );
  const drawn = Array.from({ length: tables }, () => summarize(Array.from({ length: methods }, one)));
  const over = drawn.map(({ second }) => second);
  const share = (of: (table: DrawnTable) => number): Estimate =>
    shareOf(drawn.filter((each) => of(each) >= lead - 1e-9).length, tables);
  return {
    tables,
    methods,
    lead,
    deviation: Math.sqrt(mean(drawn.map(({ variance }) => variance))),
    overSecond: { median: quantile(over, 0.5), p95: quantile(over, 0.95), p99: quantile(over, 0.99) },
    leads: { second: share((t) => t.second), rival: share((t) => t.rival), worst: share((t) => t.worst) },
    survival: LEADS.map((each) => ({ lead: each, share: over.filter((x) => x >= each).length / tables })),
    wins: Array.from(
      { length: benchmarks.length + 1 },
      (_, least) => drawn.filter(({ wins }) => wins >= least).length / tables,
    ),
  };
}

/** A null table under one assumption about how training runs differ. */
export interface NullReading extends NullTable {
  readonly reading: string;
}

/**
 * Null tables under three assumptions about training runs, after OPSD's reproductions. Runs of a method do not differ
 * at all; or every question moves by itself, which averages out on large benchmarks; or every benchmark moves as a
 * whole, by as much as was seen on 30 questions.
 */
export function nullReadings(options: Omit<NullTableOptions, 'runShare' | 'runDeviation'> = {}): NullReading[] {
  const readings = [
    ['not at all', { runShare: 0 }],
    ['question by question', { runShare: RUN_SHARE }],
    ['benchmark by benchmark', { runShare: 0, runDeviation: RUN_DEVIATION }],
  ] as const;
  return readings.map(([reading, variance]) => ({ reading, ...nullTable({ ...options, ...variance }) }));
}

/**
 * The numbers of one table: leads of the best method by average, the benchmarks on which it is first, and the variance
 * of the averages.
 */
interface DrawnTable {
  readonly second: number;
  readonly rival: number;
  readonly worst: number;
  readonly wins: number;
  readonly variance: number;
}

function summarize(table: readonly (readonly number[])[]): DrawnTable {
  const averages = table.map((scores) => mean([...scores]));
  const order = averages.map((_, i) => i).sort((i, j) => (averages[j] as number) - (averages[i] as number));
  const best = order[0] as number;
  const leadOver = (other: number | undefined): number =>
    (averages[best] as number) - (averages[other as number] as number);
  const firsts = (table[best] as readonly number[]).filter((score, column) =>
    table.every((scores) => (scores[column] as number) <= score),
  );
  const { standardError } = estimate(averages);
  return {
    second: leadOver(order[1]),
    rival: leadOver(0),
    worst: leadOver(order.at(-1)),
    wins: firsts.length,
    variance: standardError ** 2 * averages.length,
  };
}

function shareOf(count: number, n: number): Estimate {
  const value = count / n;
  return { value, standardError: Math.sqrt((value * (1 - value)) / n), ...wilson(value, n), n };
}
