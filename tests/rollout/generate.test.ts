import { describe, expect, it } from 'vitest';
import { InputError, InterruptedError } from '../../src/base/records/errors';
import type { LanguageModel } from '../../src/engine/model/model';
import { bucketLength, bucketRows } from '../../src/engine/tensors/buckets';
import { MOST_GRAPHS } from '../../src/engine/tensors/compile';
import { liveTensors } from '../../src/engine/tensors/tensorflow';
import { decoderFor } from '../../src/method/rollout/decoder';
import { generate, type RolloutRequest } from '../../src/method/rollout/generate';
import type { Rollout } from '../../src/method/rollout/rollout';
import { scoreCompletions } from '../../src/method/scoring/logprobs';
import { FAMILIES, openFixture, randomTokens } from '../model/tiny';
import { allLogits } from '../parity/engine';
import { expectClose } from '../parity/reference';
import { eagerly } from '../tensors/eager';

const FREE = { temperature: 1, topK: 0, topP: 1, seed: 5 };

const request = (questionId: string, length: number, sample = 0): RolloutRequest => ({
  questionId,
  sample,
  promptTokens: randomTokens(length, { seed: length }),
});

/** Prompts of three lengths, four samples each. */
const twelve = (): RolloutRequest[] =>
  [4, 17, 31].flatMap((length) => [0, 1, 2, 3].map((sample) => request(`question ${length}`, length, sample)));

/** Logits of the token behind a prompt. */
function nextLogits(model: LanguageModel, prompt: readonly number[]): number[] {
  const all = allLogits(model.config, model.weights, {
    input_ids: [[...prompt]],
    prompt_lengths: [0],
    lengths: [prompt.length],
  });
  return [...all.slice((prompt.length - 1) * model.config.vocabSize)];
}

describe.each(FAMILIES)('generation by %s', (name) => {
  it('with a cache draws from what a whole forward pass gives, past every growth of the cache and departure of rows', async () => {
    const free = await openFixture(name, { eosTokenIds: [] });
    const endless = await generate(free, twelve(), { ...FREE, maxTokens: 80 });
    // An end token that some row draws early and another not before the cache has grown twice.
    const end = endless
      .flatMap(({ completionTokens }) => completionTokens.slice(5, 25))
      .find((token) => endless.some(({ completionTokens }) => !completionTokens.slice(0, 70).includes(token)));
    const model = { ...free, config: { ...free.config, eosTokenIds: [end as number] } };
    const rollouts = await generate(model, twelve(), { ...FREE, maxTokens: 80 });
    const lengths = rollouts.map(({ completionTokens }) => completionTokens.length);
    expect(Math.max(...lengths)).toBeGreaterThan(64);
    expect(Math.min(...lengths)).toBeLessThan(32);
    const scores = await scoreCompletions(model, rollouts);
    rollouts.forEach(({ logprobs, samplingLogprobs }, i) => {
      expectClose(logprobs, scores[i]?.logprobs ?? [], { tolerance: 1e-4, where: `row ${i}` });
      expectClose(samplingLogprobs, logprobs, { tolerance: 1e-4, where: `nothing is filtered in row ${i}` });
    });
    model.dispose();
  });
});

describe('a sample', () => {
  const tokensOf = (rollouts: readonly Rollout[]) =>
    new Map(rollouts.map((r) => [`${r.questionId} ${r.sample}`, r.completionTokens]));

  it('does not depend on its batch', async () => {
    const model = await openFixture('llama-bias', { eosTokenIds: [2, 3, 4] });
    const options = { ...FREE, temperature: 1.2, topP: 0.95, maxTokens: 40 };
    const requests = twelve();
    const expected = tokensOf(await generate(model, requests, options));
    expect(new Set([...expected.values()].map(String)).size).toBe(12);
    const others = Array.from({ length: 9 }, (_, i) => request(`other ${i}`, 9 + i));
    const runs = {
      reversed: await generate(model, [...requests].reverse(), options),
      'in small batches': await generate(model, requests, { ...options, maxBatch: 5 }),
      'among others': await generate(model, [...others, ...requests], options),
      alone: (await Promise.all(requests.map((one) => generate(model, [one], options)))).flat(),
      eager: await eagerly(() => generate(model, requests, options)),
    };
    for (const [how, rollouts] of Object.entries(runs)) {
      const actual = tokensOf(rollouts);
      for (const [key, tokens] of expected) expect([how, key, actual.get(key)]).toEqual([how, key, tokens]);
    }
    model.dispose();
  });

  it('comes in the order of the requests, with what it takes to draw it again', async () => {
    const model = await openFixture('llama-tied');
    const requests = [request('b', 20), request('a', 3, 7)];
    const rollouts = await generate(model, requests, { ...FREE, maxTokens: 3 });
    rollouts.forEach((rollout, i) => {
      const { questionId, sample, promptTokens } = requests[i] as RolloutRequest;
      expect(rollout).toMatchObject({ questionId, sample, promptTokens, seed: 5, text: '' });
    });
    const again = await generate(model, requests, { ...FREE, maxTokens: 3, seed: 6 });
    expect(again.map((r) => r.completionTokens)).not.toEqual(rollouts.map((r) => r.completionTokens));
    model.dispose();
  });

  it('is the likeliest token at every place when it is greedy', async () => {
    const model = await openFixture('qwen3');
    const [rollout] = await generate(model, [request('q', 6)], { ...FREE, temperature: 0, maxTokens: 8 });
    const { promptTokens, completionTokens, samplingLogprobs } = rollout as Rollout;
    completionTokens.forEach((token, t) => {
      const logits = nextLogits(model, [...promptTokens, ...completionTokens.slice(0, t)]);
      expect(logits.indexOf(Math.max(...logits))).toBe(token);
    });
    expect(samplingLogprobs).toEqual(completionTokens.map(() => 0));
    model.dispose();
  });

  it('ends at an end token, which it keeps, or at the limit', async () => {
    const plain = await openFixture('llama-tied', { eosTokenIds: [] });
    const options = { ...FREE, temperature: 3, maxTokens: 6 };
    const [free] = await generate(plain, [request('q', 5)], options);
    expect(free).toMatchObject({ finishReason: 'length' });
    const tokens = free?.completionTokens ?? [];
    expect([tokens.length, new Set(tokens).size]).toEqual([6, 6]);
    for (const at of [0, 3, 5]) {
      const model = { ...plain, config: { ...plain.config, eosTokenIds: [tokens[at] as number] } };
      const [ended] = await generate(model, [request('q', 5)], options);
      expect(ended).toMatchObject({ finishReason: 'stop', completionTokens: tokens.slice(0, at + 1) });
    }
    plain.dispose();
  });
});

describe('the first token is drawn from the distribution', () => {
  const SAMPLES = 3000;

  /** What temperature, then top-k, then top-p leave of the softmax. */
  function distribution(logits: readonly number[], { temperature, topK, topP }: typeof FREE): number[] {
    const most = Math.max(...logits);
    const weights = logits.map((z) => Math.exp((z - most) / temperature));
    const order = weights.map((_, i) => i).sort((a, b) => (weights[b] as number) - (weights[a] as number));
    const kept = topK > 0 ? order.slice(0, topK) : order;
    const mass = kept.reduce((sum, i) => sum + (weights[i] as number), 0);
    const left: number[] = [];
    for (let sum = 0; sum < topP * mass && left.length < kept.length; ) {
      left.push(kept[left.length] as number);
      sum += weights[left[left.length - 1] as number] as number;
    }
    const total = left.reduce((sum, i) => sum + (weights[i] as number), 0);
    return weights.map((weight, i) => (left.includes(i) ? weight / total : 0));
  }

  it.each([
    { temperature: 0.6, topK: 0, topP: 1 },
    { temperature: 1.5, topK: 12, topP: 1 },
    { temperature: 1, topK: 0, topP: 0.7 },
    { temperature: 1.2, topK: 20, topP: 0.9 },
  ])('at %o', async (filters) => {
    const options = { ...FREE, ...filters };
    const model = await openFixture('llama-tied');
    const requests = Array.from({ length: SAMPLES }, (_, sample) => request('q', 7, sample));
    const rollouts = await generate(model, requests, { ...options, maxTokens: 1, maxBatch: SAMPLES });
    const logits = nextLogits(model, requests[0]?.promptTokens ?? []);
    const p = distribution(logits, options);
    const drawn = rollouts.map(({ completionTokens }) => completionTokens[0] as number);
    const counts = p.map((_, token) => drawn.filter((other) => other === token).length);
    counts.forEach((count, token) => {
      if (p[token] === 0) expect([token, count]).toEqual([token, 0]);
    });
    // Tokens with few expected draws share one bin.
    const common = p.flatMap((share, token) => (share * SAMPLES >= 8 ? [token] : []));
    const term = (share: number, count: number) => (share > 0 ? (count - share * SAMPLES) ** 2 / (share * SAMPLES) : 0);
    const sum = (values: readonly number[]) => common.reduce((total, token) => total + (values[token] as number), 0);
    const chiSquare = common.reduce((total, token) => total + term(p[token] as number, counts[token] as number), 0);
    const degrees = common.length;
    expect(chiSquare + term(Math.max(0, 1 - sum(p)), SAMPLES - sum(counts))).toBeLessThan(
      degrees + 3.3 * Math.sqrt(2 * degrees),
    );
    const where = 'log-probability under the distribution drawn from';
    const expected = drawn.map((token) => Math.log(p[token] as number));
    expectClose(
      rollouts.flatMap((r) => r.samplingLogprobs),
      expected,
      { tolerance: 1e-4, where },
    );
    const free = distribution(logits, FREE);
    const atOne = drawn.map((token) => Math.log(free[token] as number));
    expectClose(
      rollouts.flatMap((r) => r.logprobs),
      atOne,
      { tolerance: 1e-4, where: 'at temperature 1' },
    );
    model.dispose();
  });
});

describe('the work', () => {
  it('is done once for a prompt that samples share, and stops for rows that end', async () => {
    const model = await openFixture('llama-tied', { eosTokenIds: Array.from({ length: 8 }, (_, i) => i + 2) });
    const { prefill, step } = decoderFor(model.config);
    const requests = Array.from({ length: 16 }, (_, sample) => request('q', 12, sample));
    const rollouts = await generate(model, requests, { ...FREE, maxTokens: 60 });
    expect(prefill.stats).toEqual({ traces: 1, calls: 1 });
    const lengths = rollouts.map(({ completionTokens }) => completionTokens.length);
    // One call a step, for as many rows as were still going on, on a cache as long as they needed.
    const sizes = new Set<string>();
    let capacity = bucketLength(13);
    for (let t = 0; t < Math.max(...lengths); t++) {
      if (12 + t > capacity) capacity = bucketLength(12 + t + 16);
      sizes.add(`${bucketRows(lengths.filter((length) => length > t).length)} x ${capacity}`);
    }
    expect(sizes.size).toBeGreaterThan(4);
    expect(step.stats).toEqual({ traces: sizes.size, calls: Math.max(...lengths) });
    // The shared prompt was read as one row, as a single one is.
    await generate(model, [request('other', 12)], { ...FREE, maxTokens: 1 });
    expect(prefill.stats).toEqual({ traces: 1, calls: 2 });
    model.dispose();
  });

  it('goes on with those that wait, in the places of rows that ended', async () => {
    const model = await openFixture('llama-tied', { eosTokenIds: Array.from({ length: 8 }, (_, i) => i + 2) });
    const requests = Array.from({ length: 32 }, (_, i) => request(`q${i}`, 6 + (i % 9), i));
    const options = { ...FREE, maxTokens: 60 };
    const together = await generate(model, requests, options);
    const { step } = decoderFor(model.config);
    const [before, live] = [step.stats.calls, liveTensors()];
    const inTurn = await generate(model, requests, { ...options, maxBatch: 8 });
    expect(inTurn.map(({ completionTokens }) => completionTokens)).toEqual(
      together.map(({ completionTokens }) => completionTokens),
    );
    expect(liveTensors()).toEqual(live);
    // Eight at a time to the end of the longest of each eight would take as many calls as these sum to.
    const lengths = [...inTurn]
      .sort((a, b) => a.promptTokens.length - b.promptTokens.length)
      .map(({ completionTokens }) => completionTokens.length);
    const apart = [0, 8, 16, 24].reduce((sum, start) => sum + Math.max(...lengths.slice(start, start + 8)), 0);
    expect(step.stats.calls - before).toBeLessThan(0.75 * apart);
    model.dispose();
  });

  it('stops when the signal is aborted, and leaves no tensor behind', async () => {
    const model = await openFixture('llama-tied', { eosTokenIds: [] });
    const before = liveTensors();
    const abort = new AbortController();
    const seen: number[] = [];
    const onProgress = ({ done }: { done: number }): void => {
      if (seen.push(done) === 4) abort.abort();
    };
    const run = generate(model, twelve(), { ...FREE, maxTokens: 60, maxBatch: 4, signal: abort.signal, onProgress });
    await expect(run).rejects.toThrow(InterruptedError);
    expect(seen).toHaveLength(4);
    expect(liveTensors()).toEqual(before);
    model.dispose();
  });

  it('is reported as rollouts done, up to all of them', async () => {
    const model = await openFixture('llama-tied');
    const events: { stage: string; done: number; total: number }[] = [];
    await generate(model, twelve(), { ...FREE, maxTokens: 5, maxBatch: 5, onProgress: (event) => events.push(event) });
    const done = events.map((event) => event.done);
    expect([...done].sort((a, b) => a - b)).toEqual(done);
    expect(events.at(-1)).toMatchObject({ stage: 'generate', done: 12, total: 12 });
    model.dispose();
  });
});

describe('a prompt is refused', () => {
  it.each<[string, number[], RegExp]>([
    ['that is empty', [], /^Prompt of q is empty: give at least one token\.$/],
    ['with a token outside the vocabulary', [5, 97], /^Prompt of q: token 97 is not in the vocabulary of 97\.$/],
    ['with a negative token', [-1], /^Prompt of q: token -1 is not/],
    ['with half a token', [1.5], /^Prompt of q: token 1\.5 is not/],
    [
      'that leaves no room for the completion',
      randomTokens(119, { seed: 1 }),
      /^Prompt of q has 119 tokens; .*max_tokens=10 .*128 positions: .*nothing is cut silently/,
    ],
  ])('%s', async (_, promptTokens, message) => {
    const model = await openFixture('llama-tied');
    const before = liveTensors();
    const run = generate(model, [{ questionId: 'q', sample: 0, promptTokens }], { ...FREE, maxTokens: 10 });
    await expect(run).rejects.toThrow(message);
    await expect(run).rejects.toBeInstanceOf(InputError);
    expect(liveTensors()).toEqual(before);
    model.dispose();
  });

  it('only when it passes the last position', async () => {
    const model = await openFixture('llama-tied', { eosTokenIds: [] });
    const [rollout] = await generate(model, [request('q', 118)], { ...FREE, maxTokens: 10 });
    expect(rollout?.completionTokens).toHaveLength(10);
    const [scores] = await scoreCompletions(model, [rollout as Rollout]);
    expectClose(rollout?.logprobs ?? [], scores?.logprobs ?? [], { tolerance: 1e-4, where: 'last positions' });
    model.dispose();
  });
});

it('keeps a bounded number of graphs however many shapes it meets', async () => {
  const model = await openFixture('llama-bias', { eosTokenIds: [2, 3, 4] });
  const decoder = decoderFor(model.config);
  const kept = (): number[] =>
    [decoder.prefill, decoder.step, decoder.rearrange, decoder.join].map((own) => own.kept());
  const draw = (rows: number, length: number): Promise<Rollout[]> =>
    generate(
      model,
      Array.from({ length: rows }, (_, i) => request(`q${rows} ${i}`, length)),
      { ...FREE, maxTokens: 40 },
    );
  const first = await draw(3, 9);
  for (let rows = 1; rows <= 24; rows++) for (const length of [5, 40, 70]) await draw(rows, length);
  expect(decoder.rearrange.stats.traces).toBeGreaterThan(MOST_GRAPHS);
  for (const graphs of kept()) expect(graphs).toBeLessThanOrEqual(MOST_GRAPHS);
  expect(await draw(3, 9)).toEqual(first);
  model.dispose();
});
