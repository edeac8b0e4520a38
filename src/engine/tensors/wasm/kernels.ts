/**
 * Our own kernels in a page: the operations of kernel-setup/addon/kernels.cc on tensors in the memory of tfjs's WebAssembly, by the
 * same loops. bf16 and Muon, which a page does not need, are not among them.
 */
import type { Attrs } from '../raw';
import type { Loops } from './module';
import { type Inputs, type Tensor, tf } from './tensorflow';

/** The part of tfjs's backend that says where a tensor lies. */
interface WasmBackend {
  readonly dataIdMap: { get(dataId: object): { readonly memoryOffset: number } };
  makeOutput(shape: number[], dtype: string): { dataId: object; shape: number[]; dtype: string };
}

let loops: Loops | undefined;

/** From now on the kernels are there. */
export function useLoops(loaded: Loops): void {
  loops = loaded;
}

export const hasLoops = (): boolean => loops !== undefined;

const backend = (): WasmBackend => tf.backend() as unknown as WasmBackend;
const at = ({ dataId }: Tensor): number => backend().dataIdMap.get(dataId).memoryOffset;

const lastOf = ({ shape }: Tensor): number => shape.at(-1) as number;
const rowsOf = (x: Tensor): number => x.size / lastOf(x);

function output(shape: readonly number[], dtype: 'float32' | 'int32' = 'float32'): Tensor {
  const engine = tf.engine() as unknown as { makeTensorFromTensorInfo(info: object): Tensor };
  return engine.makeTensorFromTensorInfo(backend().makeOutput([...shape], dtype));
}

function check(op: string, holds: boolean, what: string): void {
  if (!holds) throw new Error(`${op}: ${what}`);
}

type Kernel = (inputs: Inputs, attrs: Attrs, run: Loops) => Tensor[];
/** A loop by its name. */
const of = (run: Loops, name: string): ((...numbers: number[]) => number) => run[name] as never;

/** Runs a loop whose outputs are shaped like some of its inputs: it takes their addresses behind `numbers`. */
function like(
  run: Loops,
  name: string,
  { ins, numbers, outs }: { ins: Tensor[]; numbers: number[]; outs: Tensor[] },
): Tensor[] {
  const made = outs.map(({ shape }) => output(shape));
  of(run, name)(...ins.map(at), ...numbers, ...made.map(at));
  return made;
}

/** Batch, length, heads, key heads and size of a head, from queries [B, T, H, d] and keys [B, T, KV, d]. */
function attentionShape(op: string, [q, k, v]: readonly Tensor[]): number[] {
  const [batch = 0, length = 0, heads = 0, dim = 0] = q?.shape ?? [];
  const kvHeads = k?.shape[2] ?? 0;
  const fits =
    k?.shape.join() === v?.shape.join() && k?.shape[0] === batch && k.shape[1] === length && k.shape[3] === dim;
  check(op, fits && heads % kvHeads === 0, 'shapes differ');
  return [batch, length, heads, kvHeads, dim];
}

/** Products x w^T. */
const linear = (x: Tensor, w: Tensor, run: Loops): Tensor => {
  const y = output([rowsOf(x), w.shape[0] as number]);
  check('linear', lastOf(x) === lastOf(w), 'shapes differ');
  of(run, 'linear')(at(x), rowsOf(x), lastOf(x), at(w), w.shape[0] as number, at(y));
  return y;
};

const scalar = (x: Tensor): number => x.dataSync()[0] as number;

const KERNELS: Readonly<Record<string, Kernel>> = {
  RcsdRmsNorm: ([x, weight], { eps }, run) => {
    check('RcsdRmsNorm', weight.size === lastOf(x), 'weight is not as long as the last axis');
    return like(run, 'rmsNorm', { ins: [x, weight], numbers: [eps as number, rowsOf(x), lastOf(x)], outs: [x] });
  },
  RcsdRmsNormGrad: ([dy, x, weight], { eps }, run) =>
    like(run, 'rmsNormGrad', { ins: [dy, x, weight], numbers: [eps as number, rowsOf(x), lastOf(x)], outs: [x] }),
  RcsdRmsNormWeightGrad: ([dy, x], { eps }, run) => {
    const dweight = output([lastOf(x)]);
    of(run, 'rmsNormWeightGrad')(at(dy), at(x), eps as number, rowsOf(x), lastOf(x), at(dweight));
    return [dweight];
  },
  RcsdRotate: ([x, cos, sin], { inverse }, run) => {
    const [batch = 0, length = 0, heads = 0, dim = 0] = x.shape;
    const [tables = 0, along = 0] = cos.shape;
    // One table for every row, or one for each position of all rows.
    check('RcsdRotate', along === length && (tables === 1 || tables === batch), 'tables do not fit');
    const numbers = [batch * length, tables * along, heads, dim, inverse ? 1 : 0];
    return like(run, 'rotate', { ins: [x, cos, sin], numbers, outs: [x] });
  },
  RcsdSwiglu: ([gate, up], _, run) => like(run, 'swiglu', { ins: [gate, up], numbers: [gate.size], outs: [gate] }),
  RcsdSwigluGrad: ([dy, gate, up], _, run) =>
    like(run, 'swigluGrad', { ins: [dy, gate, up], numbers: [gate.size], outs: [gate, up] }),
  RcsdFewRowsLinear: ([x, ...matrices], _, run) => matrices.map((w) => linear(x, w, run)),
  RcsdAttention: ([q, k, v, spans], { window }, run) => {
    const out = output(q.shape);
    const shape = attentionShape('RcsdAttention', [q, k, v]);
    of(run, 'attention')(...shape, window as number, at(q), at(k), at(v), spans ? at(spans) : 0, at(out));
    return [out];
  },
  RcsdAttentionGrad: ([q, k, v, dout, spans], { window }, run) => {
    const made = [q, k, v].map(({ shape }) => output(shape));
    const shape = attentionShape('RcsdAttentionGrad', [q, k, v]);
    const ins = [q, k, v, dout].map(at);
    of(run, 'attentionGrad')(...shape, window as number, ...ins, spans ? at(spans) : 0, ...made.map(at));
    return made;
  },
  RcsdCachedAttention: ([q, k, v, keys, values, positions], { capacity, window }, run) => {
    const [batch = 0, length, heads = 0, kvHeads = 0, dim = 0] = attentionShape('RcsdCachedAttention', [q, k, v]);
    const size = batch * kvHeads * (capacity as number) * dim;
    check('RcsdCachedAttention', length === 1 && keys.size === size && values.size === size, 'shapes differ');
    const out = output(q.shape);
    const ins = [q, k, v, keys, values, positions].map(at);
    of(run, 'cachedAttention')(batch, capacity as number, heads, kvHeads, dim, window as number, ...ins, at(out));
    return [out];
  },
  RcsdSurprise: ([logits, targets], _, run) =>
    like(run, 'surprise', {
      ins: [logits, targets],
      numbers: [rowsOf(logits), lastOf(logits)],
      outs: [targets, targets, targets],
    }),
  RcsdSurpriseGrad: ([logits, targets, logSum], _, run) =>
    like(run, 'surpriseGrad', {
      ins: [logits, targets, logSum],
      numbers: [rowsOf(logits), lastOf(logits)],
      outs: [logits],
    }),
  RcsdSample: ([logits, uniform], { temperature, top_k, top_p }, run) => {
    const rows = rowsOf(logits);
    const made = [output([rows], 'int32'), output([rows]), output([rows])];
    const rule = [temperature, top_k, top_p] as number[];
    of(run, 'sample')(at(logits), at(uniform), rows, lastOf(logits), ...rule, ...made.map(at));
    return made;
  },
  // The moments are written in place.
  RcsdAdamW: (inputs, attrs, run) => {
    const { N, beta1, beta2, complement1, complement2, epsilon, weight_decay } = attrs as Record<string, number>;
    const count = N as number;
    const [rate = 0, correction1 = 1, correction2 = 1, scale = 1] = inputs.slice(4 * count).map(scalar);
    const rule = [
      ...[rate / correction1, 1 - rate * (weight_decay as number), Math.sqrt(correction2)],
      ...([beta1, beta2, complement1, complement2, epsilon, scale] as number[]),
    ];
    return inputs.slice(0, count).map((p, i) => {
      const [g, m, v] = [1, 2, 3].map((which) => at(inputs[which * count + i] as Tensor)) as [number, number, number];
      const next = output(p.shape);
      of(run, 'adamw')(...rule, at(p), g, p.size, m, v, at(next));
      return next;
    });
  },
  RcsdSquareSum: (inputs, _, run) => {
    const sum = inputs.reduce((total, x) => total + of(run, 'squareSum')(at(x), x.size), 0);
    return [tf.scalar(sum)];
  },
};

/** Runs one of our kernels; undefined where there is none of that name. */
export function runKernel(op: string, inputs: readonly Tensor[], attrs: Attrs): Tensor[] | undefined {
  return loops && KERNELS[op]?.(inputs as Inputs, attrs, loops);
}
