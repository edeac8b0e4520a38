/** Cross-entropy of the target tokens: -log p(target). */
import { surpriseOf } from './distributions';
import type { LogitLoss } from './tokenLoss';

/** Negative log-likelihood of each target token in nats [N]. Metric: `entropy` of the student's distribution. */
export const crossEntropy: LogitLoss = (studentLogits, { targets }) => {
  const { surprise, gradient, entropy } = surpriseOf(studentLogits, targets);
  return { values: surprise, gradient, metrics: { entropy } };
};
