/** What is compared between a model and its export: log-probabilities of the same tokens, ids of the same texts, the chat template. */
import type { OperationOptions } from '../../base/records/events';
import type { Tokenizer } from '../../engine/files/tokenizer';
import type { LanguageModel } from '../../engine/model/model';
import { createRandom } from '../../engine/tensors/random';
import { scoreCompletions } from '../../method/scoring/logprobs';
import type { Sequence } from '../../method/scoring/sequence';

const SEQUENCES = 4;
const LENGTH = 48;
const SEED = 7;
const TEXTS = [
  'A ball falls from 20 m. How long does it take (g = 9.81 m/s²)?\nt = sqrt(2h/g) ≈ 2.02 s.',
  'Which of these is a noble gas?\n\n(A) N2  (B) Ar  (C) O2\n\nAnswer: B',
];
const CHAT = [{ role: 'user', content: 'What is 2 + 3?' }] as const;

/** Ids over the whole vocabulary, and of texts where the model has a tokenizer. */
function trialSequences({ config, tokenizer }: LanguageModel, positions: number): Sequence[] {
  const random = createRandom(SEED);
  const length = Math.min(LENGTH, positions);
  const drawn = Array.from({ length: SEQUENCES }, () =>
    Array.from({ length }, () => random.int(0, config.vocabSize - 1)),
  );
  const read = tokenizer ? TEXTS.flatMap((text) => readable(tokenizer, text)) : [];
  return [...drawn, ...read.map((ids) => ids.slice(0, positions))]
    .filter((ids) => ids.length > 1)
    .map(([first, ...rest]) => ({ promptTokens: [first as number], completionTokens: rest }));
}

/** The ids of a text; none where a closed vocabulary lacks a word of it. */
function readable(tokenizer: Tokenizer, text: string): number[][] {
  try {
    return [tokenizer.encode(text)];
  } catch {
    return [];
  }
}

/** Log-probabilities of the trial's tokens, within so many positions, one after the other. */
export async function trialLogprobs(
  model: LanguageModel,
  positions: number,
  options: OperationOptions,
): Promise<number[]> {
  const scores = await scoreCompletions(model, trialSequences(model, positions), options);
  return scores.flatMap(({ logprobs }) => [...logprobs]);
}

/** How far two lists of log-probabilities are from each other, in nats. */
export interface Distance {
  readonly largest: number;
  readonly mean: number;
}

/** NaN where the lists are not of one length, so that no limit holds. */
export function distance(a: readonly number[], b: readonly number[]): Distance {
  const gaps = a.map((value, i) => Math.abs(value - (b[i] ?? Number.NaN)));
  if (a.length !== b.length || gaps.length === 0) return { largest: Number.NaN, mean: Number.NaN };
  return {
    largest: gaps.reduce((most, gap) => (gap <= most ? most : gap), 0),
    mean: gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length,
  };
}

/** What the exported tokenizer does in another way than the model's own; undefined where nothing. */
export function tokenizerDifference(own: Tokenizer | undefined, exported: Tokenizer | undefined): string | undefined {
  if (!own || !exported) return own === exported ? undefined : 'the tokenizer';
  const encoded = (tokenizer: Tokenizer): string => JSON.stringify(TEXTS.map((text) => readable(tokenizer, text)));
  if (encoded(own) !== encoded(exported)) return 'the ids of texts';
  if (own.eosToken !== exported.eosToken) return 'the end token';
  const rendered = (tokenizer: Tokenizer): string | undefined =>
    tokenizer.chatTemplate === undefined ? undefined : tokenizer.renderChat(CHAT, { addGenerationPrompt: true });
  return rendered(own) === rendered(exported) ? undefined : 'the chat template';
}
