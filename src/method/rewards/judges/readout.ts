/**
 * Judges that are read by their probabilities: how far an answer meets a criterion, and how good it is on the whole.
 * The expected value under the model's probabilities is finer than a verdict in words, and there is no text that could
 * fail to parse.
 */

import type { OperationOptions } from '../../../base/records/events';
import type { Criterion } from '../../../base/records/rubric';
import { type LanguageModel, requireTokenizer } from '../../../engine/model/model';
import type { JudgeCase, JudgePrompts } from '../../prompts/judge';
import { scoreChoices } from '../../scoring/choices';

/** Degrees and ratings come in the order asked; null where the judge could not tell. */
export interface Judge {
  /** How far each answer meets its criterion, 0 to 1. */
  criteria(
    cases: readonly { readonly judged: JudgeCase; readonly criterion: Criterion }[],
    options?: OperationOptions,
  ): Promise<(number | null)[]>;
  /** How good each answer is by its rubric, or by its reference answer if it has no rubric, 1 to 10. */
  ratings(cases: readonly JudgeCase[], options?: OperationOptions): Promise<(number | null)[]>;
}

/** The log-probabilities of `choices` are read at the places of `completionTokens`. */
interface Readout extends OperationOptions {
  readonly completionTokens: readonly number[];
  readonly choices: readonly number[];
}

const DIGITS = ['1', '2', '3', '4', '5', '6', '7', '8', '9'];

const expectation = (values: readonly number[], logprobs: readonly number[]): number => {
  const weights = logprobs.map(Math.exp);
  return values.reduce((sum, value, i) => sum + value * (weights[i] as number), 0) / weights.reduce((a, b) => a + b, 0);
};

/**
 * The model as its own judge: the probability of Yes against No, and the mean of the ratings 1 to 10 under their
 * probabilities.
 */
export function localJudge(model: LanguageModel, prompts: JudgePrompts): Judge {
  const { encode } = requireTokenizer(model);
  /** Leaves out prompts that are too long for the model; these stay unjudged. */
  const read = async (texts: readonly string[], { completionTokens, choices, ...options }: Readout) => {
    const sequences = texts.map((text) => ({ promptTokens: encode(text), completionTokens }));
    const fits = sequences.map((s) => s.promptTokens.length + completionTokens.length <= model.config.maxPositions);
    const scores = await scoreChoices(
      model,
      sequences.filter((_, i) => fits[i]),
      choices,
      options,
    );
    let at = 0;
    return fits.map((fit) => (fit ? (scores[at++] ?? null) : null));
  };
  return {
    async criteria(cases, options) {
      const choices = ['Yes', 'No'].flatMap((word) => encode(word).slice(0, 1));
      const asked = cases.map(({ judged, criterion }) => prompts.criterion(judged, criterion));
      const scores = await read(asked, { completionTokens: choices.slice(0, 1), choices, ...options });
      return scores.map((places) => places && expectation([1, 0], places[0] ?? []));
    },
    async ratings(cases, options) {
      // Where "10" is written digit by digit, its first token is that of "1"; the token after it tells the two apart.
      const ten = encode('10');
      const choices = [...DIGITS.flatMap((digit) => encode(digit).slice(0, 1)), ten[ten.length - 1] as number];
      const scores = await read(cases.map(prompts.rating), { completionTokens: ten, choices, ...options });
      return scores.map((places) => places && expectation(RATINGS, ratingLogprobs(places)));
    },
  };
}

const RATINGS = [...DIGITS.map(Number), 10];

/**
 * Log-probabilities of the ratings 1 to 10, from those of the nine digits and of the last token of "10" at each token
 * of "10".
 */
function ratingLogprobs(places: readonly (readonly number[])[]): number[] {
  const [first = [], second] = places;
  if (!second) return [...first];
  const [one = 0, ...others] = first.slice(0, 9);
  const zero = second[9] ?? 0;
  return [one + Math.log1p(-Math.exp(zero)), ...others, one + zero];
}
