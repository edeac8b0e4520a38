/** The likeliest tokens at every place of given completions. */

import type { LanguageModel } from '../../engine/model/model';
import { int32, rawOps } from '../../engine/tensors/raw';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { logSoftmax } from '../losses/distributions';
import type { BatchOptions } from './batches';
import type { Sequence } from './sequence';
import { measureSides } from './sides';

/** A token and its probability at temperature 1. */
export interface LikelyToken {
  readonly token: number;
  readonly probability: number;
}

const measure = measureSides({
  stage: 'likeliest',
  sides: ['own'] as const,
  of: ({ own }: { readonly own: Tensor }, count: number) => {
    const [logprobs, tokens] = rawOps('TopKV2', [logSoftmax(own), int32(count)], { sorted: true }, 2) as [
      Tensor,
      Tensor,
    ];
    const columns = (values: Tensor): Tensor[] => tf.unstack(values, 1);
    return Object.fromEntries([
      ...columns(tf.exp(logprobs)).map((column, k) => [`probability ${k}`, column]),
      ...columns(tokens).map((column, k) => [`token ${k}`, column]),
    ]) as Record<string, Tensor>;
  },
});

/** For each completion and each of its tokens, the `count` likeliest tokens there, best first. */
export async function likeliestTokens(
  model: LanguageModel,
  sequences: readonly Sequence[],
  { count, ...options }: BatchOptions & { readonly count: number },
): Promise<LikelyToken[][][]> {
  const sided = sequences.map(({ promptTokens, completionTokens }) => ({ own: promptTokens, completionTokens }));
  const measured = await measure({ own: model }, sided, {
    ...options,
    settings: Math.min(count, model.config.vocabSize),
  });
  const ranks = Array.from({ length: Math.min(count, model.config.vocabSize) }, (_, k) => k);
  return measured.map((own, i) =>
    (sequences[i] as Sequence).completionTokens.map((_, t) =>
      ranks.map((k) => ({
        token: own[`token ${k}`]?.[t] as number,
        probability: own[`probability ${k}`]?.[t] as number,
      })),
    ),
  );
}
