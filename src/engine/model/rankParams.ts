/** Parameters that ranks add up or hand on, as flat numbers in host memory. */
import type { Params } from '../tensors/gradients';
import type { Tensor } from '../tensors/tensorflow';
import { disposeTree } from '../tensors/tree';
import { upload } from './load';
import type { Ranks } from './ranks';

/** Numbers that are sent at once. With several such buckets, one is added up while the next is on its way. */
const BUCKET = 5_000_000;

/** Names and shapes of `like`, filled with the numbers that `exchange` leaves. */
async function exchanged(
  own: Params | undefined,
  like: Params,
  exchange: (bucket: Float32Array) => Promise<void>,
): Promise<Params> {
  const total = Object.values(like).reduce((sum, { size }) => sum + size, 0);
  const flat = new Float32Array(total);
  let at = 0;
  for (const [name, { size }] of Object.entries(like)) {
    if (own) flat.set((own[name] as Tensor).dataSync() as Float32Array, at);
    at += size;
  }
  const buckets = Array.from({ length: Math.ceil(total / BUCKET) }, (_, i) =>
    flat.subarray(i * BUCKET, (i + 1) * BUCKET),
  );
  await Promise.all(buckets.map(exchange));
  at = 0;
  return Object.fromEntries(
    Object.entries(like).map(([name, { size, shape }]) => {
      at += size;
      return [name, upload(flat.slice(at - size, at), shape)];
    }),
  );
}

/** The sum of everyone's gradients. Takes ownership of `own`, which a rank without work leaves out; the caller owns the sum. */
export function sumParams(ranks: Ranks, own: Params | undefined, like: Params): Promise<Params> {
  const summed = exchanged(own, like, ranks.sum);
  // They have been copied when `exchanged` first waits.
  if (own) disposeTree(own);
  return summed;
}

/** The first rank's parameters, owned by the caller there already; the others give none and own what they get. */
export async function copyParams(ranks: Ranks, own: Params | undefined, like: Params): Promise<Params> {
  if (ranks.rank > 0) return exchanged(undefined, like, ranks.copy);
  disposeTree(await exchanged(own, like, ranks.copy));
  return own as Params;
}
