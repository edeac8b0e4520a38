/** Opens models from disk: Hugging Face folders, GGUF files, PEFT adapters, or a registered name. */

import { InputError } from '../../base/records/errors';
import { openAdapter } from '../files/adapter';
import { openCheckpoint } from '../files/huggingface';
import { resolveModelPath } from '../files/models';
import type { WeightSource } from '../files/weights';
import type { Params } from '../tensors/gradients';
import { hasBf16 } from '../tensors/hardware';
import { backend, type Tensor, tf } from '../tensors/tensorflow';
import { disposeTree } from '../tensors/tree';
import { type ModelConfig, parseModelConfig } from './config';
import type { LanguageModel } from './model';
import { type PrecisionChoice, resolvePrecision } from './precision';
import { parameterShapes } from './shapes';
import type { Adapter } from './transformer';

/** Copies values to the device at once, so that the copy in host memory can be freed. @internal */
export function upload(values: Float32Array, shape: readonly number[]): Tensor {
  const tensor = tf.tensor(values, [...shape]);
  backend().getInputTensorIds([tensor]);
  return tensor;
}

/** Reads the parameters that a configuration needs, one at a time. @internal */
export function readParameters(config: ModelConfig, source: WeightSource, where: string): Params {
  const params: Record<string, Tensor> = {};
  for (const [name, shape] of Object.entries(parameterShapes(config))) {
    if (!source.names.includes(name))
      throw new InputError(`${where}: parameter ${name} is missing from the checkpoint.`);
    const found = source.shape(name);
    if (found.join() !== shape.join()) {
      throw new InputError(`${where}: ${name} has shape [${found}], the configuration calls for [${shape}].`);
    }
    params[name] = upload(source.read(name), shape);
  }
  return params;
}

/** Reads a PEFT adapter for a model of the given configuration. @internal */
export function readAdapter(directory: string, config: ModelConfig): Adapter {
  const adapter = openAdapter(directory);
  const shapes = parameterShapes(config);
  const params: Record<string, Tensor> = {};
  for (const name of adapter.weights.names) {
    const matrix = `${name.replace(/\.lora_[AB]\.weight$/, '')}.weight`;
    if (!shapes[matrix])
      throw new InputError(
        `${directory}: the adapter changes ${matrix}, which this model does not have; choose the adapter's own base model.`,
      );
    params[name] = upload(adapter.weights.read(name), adapter.weights.shape(name));
  }
  adapter.weights.close();
  return { params, scale: adapter.scale };
}

/**
 * Opens a model by path (a folder with config.json, or a .gguf file) or by registered name, optionally with a PEFT
 * adapter. Throws InputError that names the file and what is wrong with it.
 */
export async function openModel(
  pathOrName: string,
  { adapter, precision: choice = 'fp32' }: { readonly adapter?: string; readonly precision?: PrecisionChoice } = {},
): Promise<LanguageModel> {
  if (choice === 'bf16' && !hasBf16()) {
    throw new InputError(
      'precision=bf16 is slower than fp32 on this processor, which has no bf16 instructions; use precision=auto or fp32.',
    );
  }
  const path = resolveModelPath(pathOrName);
  const checkpoint = await openCheckpoint(path);
  const config = parseModelConfig(checkpoint.configJson, path, checkpoint.generationJson);
  const precision = resolvePrecision(choice, config);
  const params = readParameters(config, checkpoint.weights, path);
  checkpoint.weights.close();
  const weights = { params, precision, ...(adapter && { adapter: readAdapter(adapter, config) }) };
  return {
    name: pathOrName,
    config,
    tokenizer: checkpoint.tokenizer,
    weights,
    dispose: () => disposeTree(weights),
  };
}
