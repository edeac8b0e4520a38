/** The rollout record: one sampled completion with everything needed to draw it again. */

/** Who wrote a completion: the current policy, the teacher's weights in the student's view, or the data. */
export type Author = 'student' | 'teacher' | 'data';

/** Names a completion in errors. */
export const sampleName = ({ questionId, sample }: Pick<Rollout, 'questionId' | 'sample'>): string =>
  `Question ${questionId}, sample ${sample}`;

/** One completion of one question. Log-probabilities are natural logarithms, one for each completion token. */
export interface Rollout {
  readonly questionId: string;
  readonly sample: number;
  readonly author: Author;
  readonly promptTokens: readonly number[];
  /** Includes the end token if one was drawn. */
  readonly completionTokens: readonly number[];
  /** Log-probabilities under the policy at temperature 1. */
  readonly logprobs: readonly number[];
  /** Log-probabilities under the distribution that the tokens were drawn from. */
  readonly samplingLogprobs: readonly number[];
  /**
   * Where another engine or number format drew: the logarithm of the policy's probability over the sampler's, minus infinity for a token
   * that the policy's filters leave out.
   */
  readonly logRatios?: readonly number[];
  /** The completion without special tokens; empty for a model without a tokenizer. */
  readonly text: string;
  readonly finishReason: 'stop' | 'length';
  readonly seed: number;
}
