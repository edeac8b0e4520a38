/** Begins to compute in a page. */
import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
import { useLoops } from './kernels';
import { type Host, loadLoops } from './module';
import { tf } from './tensorflow';

/** Bytes of tfjs's WebAssembly, and of our loops; without those, tfjs's own operations compute. */
export interface WasmFiles {
  readonly tfjs: Uint8Array;
  readonly loops?: Uint8Array;
}

/** Returns when the page can compute. */
export async function startWasm({ tfjs, loops }: WasmFiles): Promise<void> {
  const address = URL.createObjectURL(new Blob([tfjs as BlobPart], { type: 'application/wasm' }));
  // A host could allow shared memory; one thread is enough for two workers beside each other, and needs no such host.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false);
  const builds = ['', '-simd', '-threaded-simd'].map((kind) => [`tfjs-backend-wasm${kind}.wasm`, address]);
  setWasmPaths(Object.fromEntries(builds));
  if (!(await tf.setBackend('wasm')))
    throw new Error('This browser cannot run WebAssembly with SIMD; use a newer one.');
  URL.revokeObjectURL(address);
  tf.enableProdMode();
  if (loops) useLoops(await loadLoops(loops as BufferSource, (tf.backend() as unknown as { wasm: Host }).wasm));
}
