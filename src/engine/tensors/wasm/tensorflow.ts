/**
 * The place of tensorflow.ts in a page: tfjs's own core, which computes in WebAssembly on one thread. It is there at once;
 * `startWasm` (start.ts) lets it compute.
 */
import * as core from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import { version_wasm } from '@tensorflow/tfjs-backend-wasm';
import type { Backend, Tensor } from '../tensorflow';

export type { Tensor } from '../tensorflow';
/** What an operation is given: as many tensors as its table says. */
export type Inputs = readonly [Tensor, Tensor, Tensor, Tensor, Tensor, Tensor, ...Tensor[]];

/** The same interface as tfjs-node's, which adds files and training loops that the engine does not use. */
export const tf = core as unknown as typeof import('../tensorflow').tf;

/** What the engine calls outside a trace; a page has none. */
export function backend(): Backend {
  return { getInputTensorIds: (tensors: readonly Tensor[]) => tensors.map(({ id }) => id) } as unknown as Backend;
}

export function liveTensors(): { tensors: number; handles: number } {
  return { tensors: core.memory().numTensors, handles: 0 };
}

export function runtimeInfo(): { tensorflow: string; gpu: boolean } {
  return { tensorflow: `tfjs-backend-wasm ${version_wasm}`, gpu: false };
}
