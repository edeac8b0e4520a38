import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pullModel } from '../../src/engine/files/models';
import type { ChatMessage, Tokenizer } from '../../src/engine/files/tokenizer';
import { openModel } from '../../src/engine/model/load';
import { type LanguageModel, requireTokenizer } from '../../src/engine/model/model';
import { generate } from '../../src/method/rollout/generate';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import { expectClose, readReference } from './reference';

interface Row {
  id: string;
  prompt?: string;
  messages?: ChatMessage[];
  rendered?: string;
  completion: string;
  prompt_ids: number[];
  completion_ids: number[];
  logprobs: number[];
}

interface Continuation {
  id: string;
  ids: number[];
  text: string;
  margins: number[];
}

const { rows, greedy, eos_token_id } = readReference<{ rows: Row[]; greedy: Continuation[]; eos_token_id: number }>(
  'smollm2.json',
);

/** A margin between the two best logits below this excuses another token. */
const NEAR_TIE = 1e-3;

describe('SmolLM2-135M-Instruct', () => {
  let model: LanguageModel;
  let tokenizer: Tokenizer;

  beforeAll(async () => {
    await pullModel('smollm2-135m');
    model = await openModel('smollm2-135m');
    tokenizer = requireTokenizer(model);
  });
  afterAll(() => model.dispose());

  it.each(rows)('is encoded as transformers encodes it: $id', ({ prompt, messages = [], rendered, ...row }) => {
    const text = prompt ?? tokenizer.renderChat(messages, { addGenerationPrompt: true });
    expect(text).toBe(prompt ?? rendered);
    expect(tokenizer.encode(text)).toEqual(row.prompt_ids);
    expect(tokenizer.encode(row.completion)).toEqual(row.completion_ids);
    expect(tokenizer.decode(row.completion_ids)).toBe(row.completion);
  });

  it('gives the log-probabilities of transformers', async () => {
    const sequences = rows.map((row) => ({ promptTokens: row.prompt_ids, completionTokens: row.completion_ids }));
    const scores = await scoreCompletions(model, sequences);
    rows.forEach((row, i) => {
      expectClose(scores[i]?.logprobs ?? [], row.logprobs, { tolerance: 1e-3, where: row.id });
    });
  });

  it('continues greedily as transformers does', async () => {
    expect(model.config.eosTokenIds).toEqual([eos_token_id]);
    const requests = greedy.map(({ id }) => ({
      questionId: id,
      sample: 0,
      promptTokens: rows.find((row) => row.id === id)?.prompt_ids ?? [],
    }));
    const options = { temperature: 0, topK: 0, topP: 1, maxTokens: 24, seed: 0 };
    const rollouts = await generate(model, requests, options);
    greedy.forEach((expected, i) => {
      const tie = expected.margins.findIndex((margin) => margin < NEAR_TIE);
      const sure = tie === -1 ? expected.ids.length : tie;
      expect(rollouts[i]?.completionTokens.slice(0, sure), expected.id).toEqual(expected.ids.slice(0, sure));
      const ended = expected.ids.at(-1) === eos_token_id;
      if (tie === -1) expect(rollouts[i]?.finishReason, expected.id).toBe(ended ? 'stop' : 'length');
    });
  });
});
