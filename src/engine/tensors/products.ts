/**
 * Sums of matrix products in bf16 by our own kernel, and what is built on them: a projection through several matrices
 * at once, each with or without a low-rank adapter, without storing the single products.
 */
import { rawOps } from './raw';
import { backend, type Tensor, tf } from './tensorflow';

/** A product `left` x `right` that is added to output number `output`. */
interface Segment {
  readonly left: Tensor;
  readonly right: Tensor;
  readonly output: number;
}

interface ProductOptions {
  readonly transposeLeft?: boolean;
  readonly transposeRight?: boolean;
  readonly scale?: number;
}

/**
 * Output number o is `scale` times the sum of its segments' products. Factors are rounded to bf16, sums are fp32. The
 * transposes apply to all segments.
 */
export function productSums(segments: readonly Segment[], options: ProductOptions = {}): Tensor[] {
  const { transposeLeft = false, transposeRight = false, scale = 1 } = options;
  const lefts = [...new Set(segments.map(({ left }) => left))];
  const N = 1 + Math.max(...segments.map(({ output }) => output));
  const attrs = {
    L: lefts.length,
    R: segments.length,
    N,
    left_of: segments.map(({ left }) => lefts.indexOf(left)),
    output_of: segments.map(({ output }) => output),
    transpose_left: transposeLeft,
    transpose_right: transposeRight,
    scale,
  };
  return rawOps('RcsdProducts', [...lefts, ...segments.map(({ right }) => right)], attrs, N);
}

/** A matrix [out, in] with its adapter: a [r, in] and b [out, r]. */
export interface AdaptedMatrix {
  readonly w: Tensor;
  readonly adapter?: { readonly a: Tensor; readonly b: Tensor };
}

/** The inputs are x, every w, then every a and every b. `adapted` are the indices of the matrices with an adapter. */
interface ProjectAttrs {
  readonly adapted: readonly number[];
  readonly scale: number;
}

const split = (inputs: readonly Tensor[], { adapted: { length } }: ProjectAttrs) => {
  const count = inputs.length - 1 - 2 * length;
  const from = (start: number, size: number): Tensor[] => inputs.slice(start, start + size);
  return {
    x: inputs[0] as Tensor,
    ws: from(1, count),
    as: from(1 + count, length),
    bs: from(1 + count + length, length),
  };
};

/** The outputs are x w' + u b' for every matrix, then every u = scale x a'. */
function forward(inputs: readonly Tensor[], attrs: ProjectAttrs): Tensor[] {
  const { x, ws, as, bs } = split(inputs, attrs);
  const { adapted, scale } = attrs;
  const across = { transposeRight: true };
  const us =
    as.length === 0
      ? []
      : productSums(
          as.map((right, output) => ({ left: x, right, output })),
          { ...across, scale },
        );
  const segments = ws.flatMap((right, output) => {
    const i = adapted.indexOf(output);
    const base = { left: x, right, output };
    return i < 0 ? [base] : [base, { left: us[i] as Tensor, right: bs[i] as Tensor, output }];
  });
  return [...productSums(segments, across), ...us];
}

/**
 * One function for each input's gradient. With v = scale dy b: dx = sum of dy w + v a, da = v' x, db = dy' u, dw = dy'
 * x.
 */
function backward(dys: readonly Tensor[], saved: readonly Tensor[], attrs: ProjectAttrs): (() => Tensor)[] {
  const { adapted, scale } = attrs;
  const inputs = saved.slice(0, saved.length - adapted.length);
  const us = saved.slice(inputs.length);
  const { x, ws, as, bs } = split(inputs, attrs);
  const own = adapted.map((i) => dys[i] as Tensor);
  const apart = (lefts: readonly Tensor[], rights: readonly Tensor[], options: ProductOptions) =>
    lefts.length === 0
      ? []
      : productSums(
          lefts.map((left, output) => ({ left, right: rights[output] as Tensor, output })),
          options,
        );
  const vs = apart(own, bs, { scale });
  const das = apart(
    vs,
    vs.map(() => x),
    { transposeLeft: true },
  );
  // The smaller factor is cheaper to transpose.
  const dbs = apart(us, own, { transposeLeft: true });
  const through = ws.map((right, i) => ({ left: dys[i] as Tensor, right, output: 0 }));
  const around = vs.map((left, i) => ({ left, right: as[i] as Tensor, output: 0 }));
  return [
    () => productSums([...through, ...around])[0] as Tensor,
    ...ws.map((_, i) => () => apart([dys[i] as Tensor], [x], { transposeLeft: true })[0] as Tensor),
    ...das.map((da) => () => da),
    ...dbs.map((db) => () => tf.transpose(db)),
  ];
}

const registered = new Set<string>();

/**
 * Registers a kernel for this number of matrices and adapters, because tfjs must know which outputs a gradient needs.
 */
function kernelFor(matrices: number, adapters: number): string {
  const kernelName = `RcsdProject${matrices}Of${adapters}`;
  if (registered.has(kernelName)) return kernelName;
  registered.add(kernelName);
  tf.registerKernel({
    kernelName,
    backendName: tf.getBackend(),
    kernelFunc: ({ inputs, attrs }) =>
      tf.tidy(() => forward(inputs as unknown as Tensor[], attrs as unknown as ProjectAttrs)),
  });
  tf.registerGradient({
    kernelName,
    saveAllInputs: true,
    outputsToSave: [...Array(matrices).fill(false), ...Array(adapters).fill(true)],
    // tfjs passes the gradient of a single output without an array around it.
    gradFunc: (dys, saved, attrs) =>
      backward(Array.isArray(dys) ? dys : [dys], saved, attrs as unknown as ProjectAttrs) as unknown as Record<
        string,
        () => Tensor
      >,
  });
  return kernelName;
}

/**
 * Multiplies x [N, in] by every matrix and adds `scale` times the product with its adapter, where it has one: [N, out]
 * each. Needs our own kernels.
 */
export function projectAll(x: Tensor, matrices: readonly AdaptedMatrix[], scale = 1): Tensor[] {
  backend();
  const adapters = matrices.flatMap(({ adapter }) => adapter ?? []);
  const adapted = matrices.flatMap(({ adapter }, i) => (adapter ? [i] : []));
  const inputs = [x, ...matrices.map(({ w }) => w), ...adapters.map(({ a }) => a), ...adapters.map(({ b }) => b)];
  const kernelName = kernelFor(matrices.length, adapters.length);
  const outputs = tf
    .engine()
    .runKernel(kernelName, inputs as never, { adapted, scale } as never) as unknown as Tensor[];
  return outputs.slice(0, matrices.length);
}
