import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openModel } from '../../src/engine/model/load';
import { type LanguageModel, requireTokenizer } from '../../src/engine/model/model';
import { generate } from '../../src/method/rollout/generate';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import { expectClose, readReference } from './reference';

interface Row {
  prompt: string;
  prompt_ids: number[];
  completion: string;
  completion_ids: number[];
  logprobs: number[];
}

const { rows } = readReference<{ rows: Row[] }>('microscience.json');

describe('the embedded model against transformers', () => {
  let model: LanguageModel;
  beforeAll(async () => {
    model = await openModel('microscience:0');
  });
  afterAll(() => model.dispose());

  it('encodes and decodes the same text', () => {
    const tokenizer = requireTokenizer(model);
    for (const row of rows) {
      expect(tokenizer.encode(row.prompt)).toEqual(row.prompt_ids);
      expect(tokenizer.decode(row.completion_ids, { skipSpecialTokens: true })).toBe(row.completion);
    }
  });

  it.each([
    ['fp32', 1e-4],
    ['bf16', 0.1],
  ] as const)('gives the same log-probabilities in %s', async (precision, tolerance) => {
    const sequences = rows.map((row) => ({ promptTokens: row.prompt_ids, completionTokens: row.completion_ids }));
    const scores = await scoreCompletions({ ...model, weights: { ...model.weights, precision } }, sequences);
    rows.forEach((row, i) => {
      expectClose(scores[i]?.logprobs ?? [], row.logprobs, { tolerance, where: row.prompt });
    });
  });

  it('continues the prompts with the same tokens', async () => {
    const requests = rows.map((row, i) => ({ questionId: String(i), sample: 0, promptTokens: row.prompt_ids }));
    const options = { temperature: 0, topK: 0, topP: 1, maxTokens: 60, seed: 0 };
    const rollouts = await generate(model, requests, options);
    expect(rollouts.map((rollout) => rollout.completionTokens)).toEqual(rows.map((row) => row.completion_ids));
  });
});
