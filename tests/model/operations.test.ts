/** The arithmetic of a model, counted by hand; the study's and the estimate's way of counting are the same function. */
import { describe, expect, test } from 'vitest';
import type { ModelConfig } from '../../src/engine/model/config';
import {
  backwardOperations,
  forwardOperations,
  reading,
  tokensAlone,
  trainedParameters,
  wholeSequence,
} from '../../src/engine/model/operations';
import { countParameters } from '../../src/engine/model/shapes';
import { createRandom } from '../../src/engine/tensors/random';
import { ADAPTER, LAYER, tiny } from './counted';

describe('counted by hand', () => {
  test('what is read: a shared prompt once, the last token of a completion never', () => {
    // One prompt of 3, two completions of 2: 3 + 2 x 1 tokens, the prompt's see 1 + 2 + 3, the two behind it 4 each.
    const read = reading({ prompts: 1, samples: 2, prompt: 3, completion: 2 });
    expect(read).toEqual({ tokens: 5, seen: 6 + 2 * 4, logits: 4 });
    expect(reading({ prompts: 2, samples: 1, prompt: 1, completion: 1 })).toEqual({ tokens: 2, seen: 2, logits: 2 });
  });

  const read = { tokens: 5, seen: 14, logits: 4 };
  const products = 2 * 5 * 2 * LAYER;
  // Each position seen costs a product with its key and one with its value, 2 heads of 2, in 2 layers.
  const attention = 14 * 2 * 2 * (2 * 2 * 2);
  const head = 4 * 2 * 10 * 4;

  test('forward', () => {
    expect(forwardOperations(tiny, read)).toBe(products + attention + head);
    expect(forwardOperations(tiny, read, { rank: 3 })).toBe(products + 2 * 5 * 2 * ADAPTER + attention + head);
  });

  test('backward: twice the forward for all weights; behind frozen ones, only the adapters get gradients of their own', () => {
    expect(backwardOperations(tiny, read)).toBe(2 * (products + attention + head));
    expect(backwardOperations(tiny, read, { rank: 3 })).toBe(products + 4 * 5 * 2 * ADAPTER + 2 * attention + head);
  });

  test('decoding with a cache reads what scoring reads, without the head what it reads without', () => {
    // A prompt of 3 and then a token at a time, each of which sees all before it and itself: 1 + 2 + 3, 4, 5.
    const decoded = reading({ prompts: 1, samples: 1, prompt: 3, completion: 3 });
    expect(decoded).toEqual({ tokens: 5, seen: 15, logits: 3 });
    const headless = forwardOperations(tiny, { ...decoded, logits: 0 });
    expect(forwardOperations(tiny, decoded) - headless).toBe(2 * 3 * 40);
    expect(headless).toBe(2 * 5 * 2 * LAYER + 4 * 2 * 4 * 15);
  });

  test('more rows of logits than tokens, as of choices behind a prompt of one', () => {
    const read = reading({ prompts: 1, samples: 4, prompt: 1, completion: 1 });
    expect(read).toEqual({ tokens: 1, seen: 1, logits: 4 });
    expect(forwardOperations(tiny, read)).toBe(2 * 2 * LAYER + 4 * 2 * 4 + 2 * 4 * 40);
  });

  test('norms and biases where they are asked for; an embedding that is no head is looked up', () => {
    // Two norms of 4 in each of 2 layers and the last: 20.
    expect(forwardOperations(tiny, tokensAlone(3), { vectors: true })).toBe(2 * 3 * (2 * LAYER + 20 + 40));
    const untied: ModelConfig = { ...tiny, tiedEmbeddings: false };
    expect(forwardOperations(untied, tokensAlone(3), { vectors: true })).toBe(2 * 3 * (2 * LAYER + 20 + 40));
    // Biases of q, k and v: 4 + 2 + 2 in each layer.
    const biased: ModelConfig = { ...tiny, qkvBias: true };
    expect(forwardOperations(biased, tokensAlone(1), { vectors: true })).toBe(2 * (2 * LAYER + 20 + 16 + 40));
    expect(forwardOperations(biased, tokensAlone(1))).toBe(2 * (2 * LAYER + 40));
    expect(backwardOperations(tiny, tokensAlone(3), { vectors: true })).toBe(4 * 3 * (2 * LAYER + 20 + 40));
  });

  test('trained parameters', () => {
    expect(trainedParameters(tiny, 3)).toBe(2 * ADAPTER);
    // q has sides of 4 and 4, v of 2 and 4.
    expect(trainedParameters(tiny, 3, ['q_proj', 'v_proj'])).toBe(2 * 3 * (8 + 6));
    // Layers with their two norms, the embedding, the last norm.
    expect(trainedParameters(tiny, 0)).toBe(2 * (LAYER + 8) + 40 + 4);
  });
});

test("the study's rows stay the same bit for bit: 2 operations a weight and token, 2 d T^2 a layer", () => {
  const random = createRandom(1);
  for (let i = 0; i < 1000; i++) {
    // Mean lengths are fractions, so that the order of the operations shows in the last digits.
    const tokens = 250 * random.next();
    const committed = 2 * countParameters(tiny) * tokens + 2 * tiny.layers * tiny.heads * tiny.headDim * tokens ** 2;
    expect(forwardOperations(tiny, wholeSequence(tokens), { vectors: true })).toBe(committed);
  }
});
