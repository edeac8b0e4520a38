/** Opens models from disk: Hugging Face folders, GGUF files, PEFT adapters, or a registered name. */

import { InputError } from '../../base/records/errors';
import { openAdapter } from '../files/adapter';
import { openCheckpoint, readOutline } from '../files/huggingface';
import { resolveAdapterPath, resolveModelPath } from '../files/models';
import type { Tokenizer } from '../files/tokenizer';
import type { WeightSource } from '../files/weights';
import type { Params } from '../tensors/gradients';
import { hasBf16, type Precision } from '../tensors/hardware';
import { backend, type Tensor, tf } from '../tensors/tensorflow';
import { disposeTree } from '../tensors/tree';
import { type ModelConfig, parseModelConfig } from './config';
import { type AdapterChange, mergedSource, needsMerging } from './merge';
import type { LanguageModel } from './model';
import { type PrecisionChoice, resolvePrecision } from './precision';
import { adaptedMatrices, fitsPairs, loraTargets, parameterShapes } from './shapes';
import type { Weights } from './transformer';

/** The end token of the tokenizer ends completions too: chat templates end turns with it, whatever config.json lists. */
function withOwnEnd(config: ModelConfig, tokenizer: Tokenizer | undefined): ModelConfig {
  const own = tokenizer?.eosToken === undefined ? undefined : tokenizer.tokenId(tokenizer.eosToken);
  if (own === undefined || own >= config.vocabSize || config.eosTokenIds.includes(own)) return config;
  return { ...config, eosTokenIds: [...config.eosTokenIds, own] };
}

/** A tokenizer that refuses text for whose tokens the model has no embedding. */
function withinEmbedding(tokenizer: Tokenizer, rows: number, where: string): Tokenizer {
  if (tokenizer.vocabSize <= rows) return tokenizer;
  const within = (encode: (text: string) => number[]) => (text: string) => {
    const ids = encode(text);
    const beyond = ids.find((id) => id >= rows);
    if (beyond === undefined) return ids;
    throw new InputError(
      `${where}: the text has the token ${JSON.stringify(tokenizer.decode([beyond]))} (id ${beyond}), but the embedding has only ${rows} rows; use the tokenizer of these weights.`,
    );
  };
  const { encode, encodeData, encodeReply } = tokenizer;
  return { ...tokenizer, encode: within(encode), encodeData: within(encodeData), encodeReply: within(encodeReply) };
}

/** Copies values to the device at once, so that the copy in host memory can be freed. @internal */
export function upload(values: Float32Array, shape: readonly number[]): Tensor {
  const tensor = tf.tensor(values, [...shape]);
  backend().getInputTensorIds([tensor]);
  return tensor;
}

/** Buffers that older programs saved and that follow from the configuration. */
const DERIVED = /(^|\.)rotary_emb\.inv_freq$/;
const HEAD = 'lm_head.weight';

/** Refuses tensors of numbers that the configuration has no place for: to leave them out would change the model. */
function refuseUnused(config: ModelConfig, source: WeightSource, where: string): void {
  const shapes = parameterShapes(config);
  const unused = source.names.filter((name) => !shapes[name] && !DERIVED.test(name) && source.isFloat(name));
  if (config.tiedEmbeddings && unused.includes(HEAD)) unused.splice(unused.indexOf(HEAD), 1);
  if (unused.length === 0) return;
  const more = unused.length > 1 ? ` and ${unused.length - 1} more` : '';
  throw new InputError(
    `${where}: the weights contain ${unused[0]}${more}, which config.json leaves no place for; get the config.json of these weights.`,
  );
}

/**
 * The configuration that the weights fulfil. A head that is stored beside tied embeddings and differs from them is the
 * model's own, as in transformers 5: merged adapters and saved modules leave such files.
 */
function settleHead(config: ModelConfig, source: WeightSource): ModelConfig {
  if (!config.tiedEmbeddings || !source.names.includes(HEAD)) return config;
  const [head, embedding] = [HEAD, 'model.embed_tokens.weight'].map((name) => source.read(name)) as [
    Float32Array,
    Float32Array,
  ];
  if (head.length === embedding.length && head.every((value, i) => value === embedding[i])) return config;
  return { ...config, tiedEmbeddings: false, source: { ...config.source, tie_word_embeddings: false } };
}

/** Reads the parameters that a configuration needs, one at a time. @internal */
export function readParameters(config: ModelConfig, source: WeightSource, where: string): Params {
  return readWeights(config, source, { where, format: 'fp32' }).params;
}

/**
 * A model without its weights, to plan with: its settings and its tokenizer, and whether its config.json says that the weights, which
 * need not be there, are in bf16.
 */
export async function outlineModel(
  pathOrName: string,
  { date, precision: choice = 'fp32' }: Pick<OpenOptions, 'date' | 'precision'> = {},
): Promise<{ readonly model: LanguageModel; readonly bf16: boolean }> {
  const path = resolveModelPath(pathOrName);
  const { configJson, generationJson, tokenizer: read, bf16 } = await readOutline(path, date);
  const config = withOwnEnd(parseModelConfig(configJson, path, generationJson), read);
  const tokenizer = read && withinEmbedding(read, config.vocabSize, path);
  const precision = resolvePrecision(choice, config);
  return {
    model: { name: pathOrName, config, tokenizer, weights: { params: {}, precision }, dispose: () => {} },
    bf16,
  };
}

/** Whether all matrices that could be kept in bf16 are stored so. */
const isInBf16 = (config: ModelConfig, source: WeightSource): boolean =>
  Object.entries(parameterShapes(config)).every(
    ([name, shape]) => !fitsPairs(name, shape) || (source.names.includes(name) && source.isBf16(name)),
  );

/** The same, with the matrices as pairs where they are to be kept in bf16. */
function readWeights(
  config: ModelConfig,
  source: WeightSource,
  { where, format }: { readonly where: string; readonly format: Precision },
): Pick<Weights, 'params' | 'pairs'> {
  const params: Record<string, Tensor> = {};
  const pairs: Record<string, Tensor> = {};
  for (const [name, shape] of Object.entries(parameterShapes(config))) {
    checkShape(source, { name, shape }, where);
    if (format === 'bf16' && fitsPairs(name, shape)) {
      const { buffer } = source.readBf16(name);
      const [rows, columns] = shape as [number, number];
      pairs[name] = upload(new Float32Array(buffer), [rows, columns / 2]);
    } else params[name] = upload(source.read(name), shape);
  }
  return format === 'bf16' ? { params, pairs } : { params };
}

function checkShape(
  source: WeightSource,
  { name, shape }: { readonly name: string; readonly shape: readonly number[] },
  where: string,
): void {
  if (!source.names.includes(name)) throw new InputError(`${where}: parameter ${name} is missing from the checkpoint.`);
  const found = source.shape(name);
  if (found.join() !== shape.join())
    throw new InputError(`${where}: ${name} has shape [${found}], the configuration calls for [${shape}].`);
}

/**
 * Reads a PEFT adapter for a model of the given configuration. What only merging can put into the weights (DoRA's magnitudes, saved
 * modules) is read beside its matrices. @internal
 */
export function readAdapter(directory: string, config: ModelConfig): AdapterChange {
  const file = openAdapter(directory);
  try {
    const shapes = shapesWithHead(config);
    const adaptable = new Set(adaptedMatrices(config, loraTargets));
    const values = (name: string, shape: readonly number[]): Float32Array => {
      const found = file.weights.shape(name);
      if (found.join() === shape.join()) return file.weights.read(name);
      throw new InputError(
        `${directory}: ${name} has shape [${found}], but this model calls for [${shape}]; choose the adapter's own base model.`,
      );
    };
    const shapeOf = (name: string, module: string): readonly number[] => {
      const shape = shapes[name];
      if (shape) return shape;
      throw new InputError(
        `${directory}: the adapter changes ${module}, which this model does not have; choose the adapter's own base model.`,
      );
    };
    const params: Record<string, Tensor> = {};
    const magnitudes = new Map<string, Float32Array>();
    for (const module of file.modules) {
      const [out, inner] = shapeOf(`${module}.weight`, module) as [number, number];
      if (!adaptable.has(module))
        throw new InputError(
          `${directory}: the adapter changes ${module}, which is not supported; only ${loraTargets.join(', ')} can be adapted.`,
        );
      for (const [side, shape] of [
        ['A', [file.rank, inner]],
        ['B', [out, file.rank]],
      ] as const) {
        const name = `${module}.lora_${side}.weight`;
        params[name] = upload(values(name, shape), shape);
      }
      if (file.dora) magnitudes.set(module, values(`${module}.lora_magnitude_vector`, [out]));
    }
    const saved = new Map(file.saved.map((name) => [name, values(name, shapeOf(name, name.replace(/\.[^.]*$/, '')))]));
    return { adapter: { params, scale: file.scale }, magnitudes, saved, tiesSaved: file.tiesSaved };
  } finally {
    file.weights.close();
  }
}

/** The shapes of a model's parameters, and of the head that a model with tied embeddings may get. */
function shapesWithHead(config: ModelConfig): Record<string, readonly number[]> {
  return parameterShapes({ ...config, tiedEmbeddings: false });
}

/** `date` (YYYY-MM-DD) is what chat templates take for today. */
export interface OpenOptions {
  readonly adapter?: string;
  readonly date?: string;
  readonly precision?: PrecisionChoice;
  /**
   * In which format the matrices are kept in memory; default fp32. A function is asked for a checkpoint in bf16, before its weights are
   * read; others are then kept in fp32, since rounding would change them.
   */
  readonly weights?: Precision | ((outline: LanguageModel) => Precision);
}

/**
 * Opens a model by path (a folder with config.json, or a .gguf file) or by registered name, optionally with a PEFT
 * adapter. Throws InputError that names the file and what is wrong with it.
 */
export async function openModel(
  pathOrName: string,
  { adapter, date, precision: choice = 'fp32', weights: wanted = 'fp32' }: OpenOptions = {},
): Promise<LanguageModel> {
  if (choice === 'bf16' && !hasBf16()) {
    throw new InputError(
      'precision=bf16 is slower than fp32 on this processor, which has no bf16 instructions; use precision=auto or fp32.',
    );
  }
  const path = resolveModelPath(pathOrName);
  const checkpoint = await openCheckpoint(path, date);
  try {
    const stated = parseModelConfig(checkpoint.configJson, path, checkpoint.generationJson);
    refuseUnused(stated, checkpoint.weights, path);
    // The adapter first: where it does not fit, nothing large has been read yet.
    const change = adapter === undefined ? undefined : readAdapter(resolveAdapterPath(adapter), stated);
    const laidOver = change && !needsMerging(change) ? { adapter: change.adapter } : {};
    const source = change && needsMerging(change) ? mergedSource(checkpoint.weights, change) : checkpoint.weights;
    const config = withOwnEnd(settleHead(stated, source), checkpoint.tokenizer);
    const precision = resolvePrecision(choice, config);
    const tokenizer = checkpoint.tokenizer && withinEmbedding(checkpoint.tokenizer, config.vocabSize, path);
    const outline = { name: pathOrName, config, tokenizer, weights: { params: {}, precision }, dispose: () => {} };
    const format = typeof wanted === 'string' ? wanted : isInBf16(config, source) ? wanted(outline) : 'fp32';
    const weights = { ...readWeights(config, source, { where: path, format }), precision, ...laidOver };
    if (change && needsMerging(change)) disposeTree(change.adapter.params);
    return { ...outline, weights, dispose: () => disposeTree(weights) };
  } finally {
    checkpoint.weights.close();
  }
}
