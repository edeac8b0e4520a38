/**
 * Batched generation. A prompt that several samples share is read once; all rows are decoded together on one cache,
 * each at its own position. Finished rows leave the batch, and waiting rows join when a quarter of it is free.
 */

import { InputError, NotFiniteError, throwIfAborted } from '../../base/records/errors';
import { type OperationOptions, yieldToEvents } from '../../base/records/events';
import type { Cache } from '../../engine/model/attention';
import type { LanguageModel } from '../../engine/model/model';
import { shared } from '../../engine/model/ranks';
import type { Weights } from '../../engine/model/transformer';
import { bucketLength, bucketRows } from '../../engine/tensors/buckets';
import { hashString, uniformAt } from '../../engine/tensors/random';
import { int32 } from '../../engine/tensors/raw';
import { tf } from '../../engine/tensors/tensorflow';
import { disposeTree } from '../../engine/tensors/tree';
import { type Decoder, decoderFor } from './decoder';
import { decodingWeights } from './decodingWeights';
import type { Author, Rollout } from './rollout';
import type { SamplingOptions } from './sampling';

/** One completion to draw. Its random numbers depend only on seed, questionId, sample and position. */
export interface RolloutRequest {
  readonly questionId: string;
  readonly sample: number;
  readonly promptTokens: readonly number[];
}

export interface GenerationOptions extends SamplingOptions, OperationOptions {
  /** Largest number of new tokens, including the end token. */
  readonly maxTokens: number;
  readonly seed: number;
  /** Whose weights draw, as the rollouts say; default: the student's. */
  readonly author?: Author;
  /** Most rows that are decoded at once; default 256. */
  readonly maxBatch?: number;
}

/** A completion in the making. */
interface Row {
  readonly index: number;
  readonly questionId: string;
  readonly key: number;
  readonly sample: number;
  readonly tokens: number[];
  readonly logprobs: number[];
  readonly samplingLogprobs: number[];
  /** Position of the next token that the model reads. */
  position: number;
  last: number;
  finished: 'stop' | 'length' | null;
}

/**
 * Draws one completion for every request; results come in the order of the requests. Throws InputError for prompts that do not fit
 * the model, NotFiniteError where its logits are not finite.
 */
export async function generate(
  model: LanguageModel,
  requests: readonly RolloutRequest[],
  options: GenerationOptions,
): Promise<Rollout[]> {
  checkRequests(model, requests, options);
  return [...(await shared(model.ranks, { items: requests, deal: 'blocks' }, (own) => draw(model, own, options)))];
}

async function draw(
  model: LanguageModel,
  requests: readonly RolloutRequest[],
  options: GenerationOptions,
): Promise<Rollout[]> {
  const order = requests.map((_, i) => i);
  order.sort((a, b) => promptLength(requests, a) - promptLength(requests, b));
  const rows = order.map((index) => startRow(requests[index] as RolloutRequest, index));
  const decoding = decodingWeights(model.config, model.weights);
  try {
    await decodeAll(model, requests, rows, { options, weights: decoding.weights });
  } finally {
    decoding.dispose();
  }
  rows.sort((a, b) => a.index - b.index);
  return rows.map((row) => toRollout(model, requests[row.index] as RolloutRequest, row, options));
}

const promptLength = (requests: readonly RolloutRequest[], index: number): number =>
  requests[index]?.promptTokens.length ?? 0;

/** Throws InputError for a prompt that is empty, has tokens the model does not know, or leaves no room for `maxTokens` more. */
export function checkRequests(
  model: LanguageModel,
  requests: readonly RolloutRequest[],
  options: Pick<GenerationOptions, 'maxTokens'>,
): void {
  const { maxPositions, vocabSize } = model.config;
  for (const { questionId, promptTokens } of requests) {
    if (promptTokens.length === 0) throw new InputError(`Prompt of ${questionId} is empty: give at least one token.`);
    const bad = promptTokens.find((token) => !Number.isInteger(token) || token < 0 || token >= vocabSize);
    if (bad !== undefined)
      throw new InputError(`Prompt of ${questionId}: token ${bad} is not in the vocabulary of ${vocabSize}.`);
    if (promptTokens.length + options.maxTokens > maxPositions) {
      throw new InputError(
        `Prompt of ${questionId} has ${promptTokens.length} tokens; together with max_tokens=${options.maxTokens} that is more than the model's ` +
          `${maxPositions} positions: shorten the prompt or lower max_tokens (nothing is cut silently).`,
      );
    }
  }
}

/** Reads the prompts, each distinct one once, into a cache with one row for every request. */
function readPrompts(
  decoder: Decoder,
  model: LanguageModel,
  prompts: readonly (readonly number[])[],
): { cache: Cache; capacity: number } {
  const distinct = new Map<string, number>();
  for (const prompt of prompts) if (!distinct.has(prompt.join())) distinct.set(prompt.join(), distinct.size);
  const longest = Math.max(...prompts.map((prompt) => prompt.length));
  const width = bucketLength(longest);
  const height = bucketRows(distinct.size);
  const ids = new Int32Array(height * width);
  for (const prompt of prompts) ids.set(prompt, (distinct.get(prompt.join()) as number) * width);
  const capacity = bucketLength(longest + 1);
  const rows = bucketRows(prompts.length);
  const from = Int32Array.from(
    { length: rows },
    (_, i) => distinct.get((prompts[i] ?? prompts[0] ?? []).join()) as number,
  );
  return tf.tidy(() => {
    const read = decoder.prefill(model.weights, int32(ids, [height, width]), capacity);
    const cache =
      distinct.size === prompts.length ? read : decoder.rearrange(read, int32(from), { capacity, next: capacity });
    for (const tensor of [...cache.keys, ...cache.values]) tf.keep(tensor);
    return { cache, capacity } as never;
  }) as { cache: Cache; capacity: number };
}

/** The rows being decoded: slot i is row i of the cache. The cache may have more rows than there are slots. */
interface Batch {
  readonly cache: Cache;
  readonly capacity: number;
  readonly slots: readonly Row[];
}

const isLive = (row: Row): boolean => row.finished === null;

/** Draws all completions. `weights` are used for every token after the prompt. */
async function decodeAll(
  model: LanguageModel,
  requests: readonly RolloutRequest[],
  rows: readonly Row[],
  { options, weights }: { readonly options: GenerationOptions; readonly weights: Weights },
): Promise<void> {
  const decoder = decoderFor(model.config);
  const { maxBatch = 256 } = options;
  const waiting = [...rows];
  let batch: Batch = { cache: { keys: [], values: [] }, capacity: 0, slots: [] };
  try {
    for (;;) {
      throwIfAborted(options.signal);
      const live = batch.slots.filter(isLive).length;
      options.onProgress?.({ stage: 'generate', done: rows.length - waiting.length - live, total: rows.length });
      if (waiting.length > 0 && (live === 0 || live <= maxBatch * (1 - REFILLED))) {
        const newcomers = waiting.splice(0, maxBatch - live);
        const prompts = newcomers.map(({ index }) => requests[index]?.promptTokens ?? []);
        batch = admit(model, decoder, [batch, { ...readPrompts(decoder, model, prompts), slots: newcomers }]);
      } else if (live === 0) return;
      batch = fitted(model, decoder, batch);
      stepRows(model, decoder, { ...batch, options, weights });
      await yieldToEvents();
    }
  } finally {
    disposeTree(batch.cache);
  }
}

/**
 * Waiting rows join once this share of the batch is free. Not earlier, because all other rows wait while their prompts
 * are read.
 */
const REFILLED = 0.25;

/** Joins two batches: the unfinished rows of the first, then the rows of the second. Takes ownership of both. */
function admit(model: LanguageModel, decoder: Decoder, [batch, fresh]: readonly [Batch, Batch]): Batch {
  const live = batch.slots.filter(isLive);
  if (live.length === 0) {
    disposeTree(batch.cache);
    return fresh;
  }
  const slots = [...live, ...fresh.slots];
  const next = Math.max(batch.capacity, fresh.capacity);
  const behind = cacheRows(model, batch.cache, batch.capacity) - live.length;
  const from = Array.from({ length: bucketRows(slots.length) }, (_, i) =>
    i < live.length ? batch.slots.indexOf(live[i] as Row) : i < slots.length ? i + behind : 0,
  );
  const shape = { capacities: [batch.capacity, fresh.capacity] as const, next };
  const cache = tf.tidy(() => decoder.join([batch.cache, fresh.cache], int32(from), shape) as never) as Cache;
  disposeTree([batch.cache, fresh.cache]);
  return { cache, capacity: next, slots };
}

/**
 * Drops finished rows where that makes the batch smaller, and makes room for the next token. Takes ownership of the
 * batch.
 */
function fitted(model: LanguageModel, decoder: Decoder, batch: Batch): Batch {
  const live = batch.slots.filter(isLive);
  const needed = Math.max(...live.map((row) => row.position)) + 1;
  const { cache, capacity, slots } = batch;
  if (bucketRows(live.length) >= cacheRows(model, cache, capacity) && needed <= capacity) return batch;
  const next = needed > capacity ? bucketLength(needed + 16) : capacity;
  const from = Array.from({ length: bucketRows(live.length) }, (_, i) => Math.max(0, slots.indexOf(live[i] as Row)));
  const moved = tf.tidy(() => decoder.rearrange(cache, int32(from), { capacity, next }) as never) as Cache;
  disposeTree(cache);
  return { cache: moved, capacity: next, slots: live };
}

function startRow(request: RolloutRequest, index: number): Row {
  const { promptTokens, questionId, sample } = request;
  return {
    index,
    questionId,
    key: hashString(questionId),
    sample,
    tokens: [],
    logprobs: [],
    samplingLogprobs: [],
    position: promptTokens.length - 1,
    last: promptTokens[promptTokens.length - 1] as number,
    finished: null,
  };
}

const cacheRows = (model: LanguageModel, cache: Cache, capacity: number): number =>
  (cache.keys[0]?.shape[0] as number) / (model.config.kvHeads * capacity);

interface Running extends Batch {
  readonly options: GenerationOptions;
  readonly weights: Weights;
}

/**
 * Draws the next token of every slot and appends it. Empty and finished rows are computed too, because the graph's
 * shape is fixed; their results are discarded.
 */
function stepRows(model: LanguageModel, decoder: Decoder, { cache, capacity, slots, options, weights }: Running): void {
  const height = cacheRows(model, cache, capacity);
  const tokens = new Int32Array(height);
  const positions = new Int32Array(height);
  const uniform = new Float32Array(height).fill(1);
  slots.forEach((row, i) => {
    tokens[i] = row.last;
    positions[i] = row.finished ? 0 : row.position;
    uniform[i] = 1 - uniformAt(options.seed, row.key, row.sample, row.tokens.length);
  });
  const drawn = tf.tidy(() => {
    const input = { tokens: int32(tokens), positions: int32(positions), uniform: tf.tensor1d(uniform) };
    const { temperature, topK, topP } = options;
    const output = decoder.step(weights, cache, input, { temperature, topK, topP, capacity });
    return [output.tokens.dataSync(), output.logprobs.dataSync(), output.samplingLogprobs.dataSync()] as never;
  }) as [Int32Array, Float32Array, Float32Array];
  slots.forEach((row, i) => {
    if (row.finished) return;
    // What no token is drawn from has no log-probability; this costs no further transfer.
    if (!Number.isFinite(drawn[1][i]))
      throw new NotFiniteError(
        `Prompt of ${row.questionId}: the logits of token ${row.tokens.length + 1} of sample ${row.sample} are not finite numbers`,
      );
    row.last = drawn[0][i] as number;
    row.position++;
    row.tokens.push(row.last);
    row.logprobs.push(drawn[1][i] as number);
    row.samplingLogprobs.push(drawn[2][i] as number);
    if (model.config.eosTokenIds.includes(row.last)) row.finished = 'stop';
    else if (row.tokens.length >= options.maxTokens) row.finished = 'length';
  });
}

/** A rollout of what was drawn for a request. @internal */
export function toRollout(
  model: LanguageModel,
  request: RolloutRequest,
  row: Pick<Row, 'tokens' | 'logprobs' | 'samplingLogprobs' | 'finished'>,
  { seed, author = 'student' }: Pick<GenerationOptions, 'seed' | 'author'>,
): Rollout {
  return {
    questionId: request.questionId,
    sample: request.sample,
    author,
    promptTokens: request.promptTokens,
    completionTokens: row.tokens,
    logprobs: row.logprobs,
    samplingLogprobs: row.samplingLogprobs,
    text: model.tokenizer?.decode(row.tokens, { skipSpecialTokens: true }) ?? '',
    finishReason: row.finished ?? 'length',
    seed,
  };
}
