/**
 * The place of tensorflow.ts in a page: tfjs's own core, which computes in WebAssembly on one thread. It is there at once;
 * `startWasm` lets it compute.
 */
import * as core from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import '@tensorflow/tfjs-core/dist/public/chained_ops/register_all_chained_ops';
import { setWasmPaths, version_wasm } from '@tensorflow/tfjs-backend-wasm';
import type { Backend, Tensor } from '../tensorflow';

export type { Tensor } from '../tensorflow';

/** The same interface as tfjs-node's, which adds files and training loops that the engine does not use. */
export const tf = core as unknown as typeof import('../tensorflow').tf;

/** Begins to compute with the module at this address, and returns when it does. */
export async function startWasm(address: string): Promise<void> {
  // A host could allow shared memory; one thread is enough for two workers beside each other, and needs no such host.
  core.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const builds = ['', '-simd', '-threaded-simd'].map((kind) => [`tfjs-backend-wasm${kind}.wasm`, address]);
  setWasmPaths(Object.fromEntries(builds));
  if (!(await core.setBackend('wasm')))
    throw new Error('This browser cannot run WebAssembly with SIMD; use a newer one.');
  core.enableProdMode();
}

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
