/** Weights in memory known by content: what training made has no file of its own yet. */
import { createHash } from 'node:crypto';
import type { Params } from '../tensors/gradients';

const known = new WeakMap<Params, string>();

/** SHA-256 over names, shapes and values of parameters; computed once for each set of them. */
export function paramsDigest(params: Params): string {
  const digest = known.get(params) ?? digestOf(params);
  known.set(params, digest);
  return digest;
}

function digestOf(params: Params): string {
  const hash = createHash('sha256');
  for (const [name, tensor] of Object.entries(params)) {
    const values = tensor.dataSync();
    hash
      .update(`${name} ${tensor.shape}\n`)
      .update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest('hex');
}
