/**
 * What an evaluation can detect, before it is run: standard error, power and the smallest detectable difference for n
 * questions with k sampled answers each, after Miller (2024, arXiv 2411.00640). All accuracies and differences are
 * shares, 0 to 1.
 *
 * Not considered: the variances are guesses, few questions would need Student's t, and a judge makes errors.
 */
import { mean, sum } from 'simple-statistics';
import { normalCdf, normalQuantile } from './distributions';

/**
 * Share of the variance of single answers that lies between questions, for Qwen3 models on competition mathematics
 * (docs/statistics.md).
 */
export const QUESTION_SHARE = 0.62;

/** Correlation of two related models' chances on the same questions, assumed where none is given. */
export const QUESTION_CORRELATION = 0.9;

/** A planned evaluation of two models. */
export interface PowerDesign {
  readonly questions: number;
  /** Sampled answers to each question. */
  readonly samples: number;
  /** Variance over questions of a model's chance of a right answer. */
  readonly between: number;
  /** Mean over questions of the variance of one answer. */
  readonly within: number;
  /** Whether the two models answer the same questions. */
  readonly paired: boolean;
  /** Correlation over questions of the two models' chances; used only if paired. */
  readonly correlation?: number;
  /**
   * Trained runs of each method, each of which answers every question; and the standard deviation of a run's accuracy
   * over all possible questions.
   */
  readonly runs?: number;
  readonly runDeviation?: number;
}

/** Level of the two-sided test, and the wanted power. */
export interface TestPlan {
  readonly alpha?: number;
  readonly power?: number;
}

/**
 * Variances of binary answers with mean accuracy `p`, of which `share` lies between questions (a beta-binomial's
 * intraclass correlation).
 */
export function binaryVariances(p: number, share: number = QUESTION_SHARE): Pick<PowerDesign, 'between' | 'within'> {
  return { between: share * p * (1 - p), within: (1 - share) * p * (1 - p) };
}

/**
 * Variances between and within questions of an evaluation that was run, by the method of moments; `perQuestion[i]` are
 * question i's scores. Throws RangeError without two questions, or without a question that was answered twice.
 */
export function measuredVariances(
  perQuestion: readonly (readonly number[])[],
): Pick<PowerDesign, 'between' | 'within'> {
  const spread = (values: readonly number[]): number => {
    const centre = mean([...values]);
    return sum(values.map((x) => (x - centre) ** 2)) / (values.length - 1);
  };
  const repeated = perQuestion.filter(({ length }) => length > 1);
  if (perQuestion.length < 2 || repeated.length === 0) {
    throw new RangeError('variances need at least two questions, one of them answered twice');
  }
  const within = mean(repeated.map(spread));
  const noise = within * mean(perQuestion.map(({ length }) => 1 / length));
  return { between: Math.max(0, spread(perQuestion.map((own) => mean([...own]))) - noise), within };
}

/** Standard error of the difference of two accuracies under a design. */
export function differenceError(design: PowerDesign): number {
  const { questions, samples, between, within, paired, runs = 1, runDeviation = 0 } = design;
  const { correlation = QUESTION_CORRELATION } = design;
  const common = paired ? correlation : 0;
  return Math.sqrt(
    (2 / questions) * (between * (1 - common) + within / (samples * runs)) + (2 * runDeviation ** 2) / runs,
  );
}

/** Probability that a two-sided test finds a true difference. */
export function powerOf(design: PowerDesign, difference: number, { alpha = 0.05 }: TestPlan = {}): number {
  const z = normalQuantile(1 - alpha / 2);
  const shift = Math.abs(difference) / differenceError(design);
  return normalCdf(shift - z) + normalCdf(-shift - z);
}

/** Smallest true difference that a two-sided test finds with the wanted power: (z_(1 - alpha/2) + z_power) s.e. */
export function detectableDifference(design: PowerDesign, { alpha = 0.05, power = 0.8 }: TestPlan = {}): number {
  return (normalQuantile(1 - alpha / 2) + normalQuantile(power)) * differenceError(design);
}

/** Questions needed to find a difference; Infinity where the spread of runs alone hides it. */
export function questionsNeeded(
  design: PowerDesign,
  difference: number,
  { alpha = 0.05, power = 0.8 }: TestPlan = {},
): number {
  const allowed = (difference / (normalQuantile(1 - alpha / 2) + normalQuantile(power))) ** 2;
  const { runs = 1, runDeviation = 0 } = design;
  const left = allowed - (2 * runDeviation ** 2) / runs;
  const perQuestion = differenceError({ ...design, questions: 1, runDeviation: 0 }) ** 2;
  return left > 0 ? Math.ceil(perQuestion / left) : Number.POSITIVE_INFINITY;
}

export interface PowerPoint {
  readonly difference: number;
  readonly power: number;
}

export function powerCurve(design: PowerDesign, differences: readonly number[], plan: TestPlan = {}): PowerPoint[] {
  return differences.map((difference) => ({ difference, power: powerOf(design, difference, plan) }));
}

const points = (share: number): string => {
  const text = Number((100 * share).toFixed(1)).toString();
  return `${text} ${text === '1' ? 'point' : 'points'}`;
};

/** A number with its noun: `1 question`, `48 questions`. */
export const counted = (n: number, word: string): string => `${n} ${word}${n === 1 ? '' : 's'}`;

/** The size of an evaluation: `198 questions x 4 samples`. */
export const sizeText = (questions: number, samples: number): string =>
  `${counted(questions, 'question')} x ${counted(samples, 'sample')}`;

/**
 * What a design can detect, as a sentence: `198 questions x 4 samples cannot see 1 point: a paired difference must be
 * 5.3 points to be found 80 times in 100, and 1 point is found 8 times.`
 */
export function detectableSentence(design: PowerDesign, difference: number, plan: TestPlan = {}): string {
  const { questions, samples, paired, runs = 1 } = design;
  const { power = 0.8 } = plan;
  const smallest = detectableDifference(design, plan);
  const [target, found] = [power, powerOf(design, difference, plan)].map((share) => Math.round(100 * share));
  const size = `${sizeText(questions, samples)}${runs > 1 ? ` x ${runs} runs` : ''}`;
  const verdict = smallest <= difference ? 'can' : 'cannot';
  return (
    `${size} ${verdict} see ${points(difference)}: ${paired ? 'a paired' : 'an unpaired'} difference must be ${points(smallest)} ` +
    `to be found ${target} times in 100, and ${points(difference)} is found ${found} times.`
  );
}
