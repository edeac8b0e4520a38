/**
 * Calibration: whether answers with a confidence of 70 % are right 70 times in 100. All numbers are shares from 0 to 1.
 */

import { groupAnswers } from '../../questions/grading/votes';
import { type Estimate, wilson } from './intervals';
import { estimate, majorityAtK, type Vote } from './statistics';

/** One question: the model's confidence, and whether it was right (a share where answers are tied). */
export interface Confidence {
  readonly confidence: number;
  readonly correct: number;
}

/** One bin of confidence: its mean confidence, and the share of right answers with Wilson's 95 % interval. */
export interface ReliabilityBin {
  readonly n: number;
  readonly confidence: number;
  readonly accuracy: Estimate;
}

/** How far confidence and correctness differ. */
export interface Reliability {
  readonly n: number;
  /** The bins that contain answers, from low to high confidence. */
  readonly bins: readonly ReliabilityBin[];
  /**
   * Expected calibration error: mean distance of confidence and accuracy over the bins, weighted by their size (Guo et
   * al. 2017).
   */
  readonly error: number;
  /** Mean squared difference of confidence and correctness (Brier 1950). */
  readonly brier: number;
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

/** Bins have equal width; a confidence of 1 belongs to the last. */
export function reliability(answers: readonly Confidence[], bins = 5): Reliability {
  const own = Array.from({ length: bins }, (_, bin) =>
    answers.filter(({ confidence }) => Math.min(bins - 1, Math.floor(confidence * bins)) === bin),
  ).filter(({ length }) => length > 0);
  const filled = own.map((inside): ReliabilityBin => {
    const accuracy = estimate(inside.map(({ correct }) => correct));
    const interval = wilson(accuracy.value, inside.length);
    return {
      n: inside.length,
      confidence: mean(inside.map(({ confidence }) => confidence)),
      accuracy: { ...accuracy, ...interval },
    };
  });
  return {
    n: answers.length,
    bins: filled,
    error: filled.reduce((sum, b) => sum + b.n * Math.abs(b.confidence - b.accuracy.value), 0) / answers.length,
    brier: mean(answers.map(({ confidence, correct }) => (confidence - correct) ** 2)),
  };
}

/**
 * The share of a question's samples that give its most frequent answer, and whether that answer is right
 * (`majorityAtK`); 0 without any answer. Texts that say the `same` are one answer.
 */
export function agreementConfidence(samples: readonly Vote[], same?: (a: string, b: string) => boolean): Confidence {
  const [largest = []] = groupAnswers(
    samples.map(({ extracted }) => extracted),
    same,
  );
  return { confidence: largest.length / samples.length, correct: majorityAtK(samples, same) };
}

/** Turns log-likelihoods of the choices (nats) into probabilities by softmax. */
export function choiceProbabilities(loglikelihoods: readonly number[]): number[] {
  const top = Math.max(...loglikelihoods);
  const weights = loglikelihoods.map((value) => Math.exp(value - top));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
}
