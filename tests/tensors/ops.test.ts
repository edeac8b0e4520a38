import { describe, expect, it } from 'vitest';
import { compile } from '../../src/engine/tensors/compile';
import { type Params, valueAndGradients } from '../../src/engine/tensors/gradients';
import { batchMatMul, gatherRows, linear, maskedSoftmax, rmsNorm, rotate, swiglu } from '../../src/engine/tensors/ops';
import { createRandom } from '../../src/engine/tensors/random';
import { int32 } from '../../src/engine/tensors/raw';
import { type Tensor, tf } from '../../src/engine/tensors/tensorflow';
import { disposeTree } from '../../src/engine/tensors/tree';
import { expectClose, largest } from '../parity/reference';
import { eagerly } from './eager';

interface Case {
  name: string;
  /** Differentiable inputs by name. */
  shapes: Record<string, number[]>;
  run(inputs: Record<string, Tensor>): Tensor;
}

const mask = (): Tensor => tf.tensor2d([0, -1e9, -1e9, 0, 0, -1e9, 0, 0, 0], [3, 3]);

const CASES: Case[] = [
  { name: 'linear', shapes: { x: [3, 4], w: [5, 4] }, run: ({ x, w }) => linear(x as Tensor, w as Tensor) },
  {
    name: 'batchMatMul',
    shapes: { a: [2, 2, 3, 4], b: [2, 2, 4, 2] },
    run: ({ a, b }) => batchMatMul(a as Tensor, b as Tensor),
  },
  {
    name: 'batchMatMul with b transposed',
    shapes: { a: [2, 3, 4], b: [2, 2, 4] },
    run: ({ a, b }) => batchMatMul(a as Tensor, b as Tensor, true),
  },
  {
    name: 'gatherRows, one row twice and one never',
    shapes: { table: [5, 3] },
    run: ({ table }) => gatherRows(table as Tensor, int32([[4, 0, 4].slice(), [2, 1, 4]].flat(), [2, 3])),
  },
  {
    name: 'rmsNorm over four axes',
    shapes: { x: [2, 2, 3, 4], weight: [4] },
    run: ({ x, weight }) => rmsNorm(x as Tensor, weight as Tensor, 1e-5),
  },
  {
    name: 'rotate',
    shapes: { x: [2, 3, 2, 4] },
    run: ({ x }) => rotate(x as Tensor, table(Math.cos), table(Math.sin)),
  },
  { name: 'swiglu', shapes: { gate: [3, 4], up: [3, 4] }, run: ({ gate, up }) => swiglu(gate as Tensor, up as Tensor) },
  {
    name: 'maskedSoftmax',
    shapes: { scores: [4, 3, 3] },
    run: ({ scores }) => maskedSoftmax(scores as Tensor, mask()),
  },
];

/** A table [1, 3, 1, 4] of f at different angles, the sign of rotate-half left out: the gradient does not depend on it. */
const table = (f: (angle: number) => number): Tensor =>
  tf.tensor4d(
    Array.from({ length: 12 }, (_, i) => f(0.7 * i + 0.2)),
    [1, 3, 1, 4],
  );

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** Inputs and the upstream gradient of a case, seeded. */
function valuesOf({ name, shapes }: Case): {
  inputs: Record<string, Float32Array>;
  upstream: (n: number) => Float32Array;
} {
  const random = createRandom(name.length);
  const normals = (n: number): Float32Array => Float32Array.from({ length: n }, () => random.normal());
  const inputs = Object.fromEntries(Object.entries(shapes).map(([key, shape]) => [key, normals(sizeOf(shape))]));
  const fixed = normals(64);
  return { inputs, upstream: (n) => fixed.slice(0, n) };
}

const upload = ({ shapes }: Case, inputs: Record<string, Float32Array>): Record<string, Tensor> =>
  Object.fromEntries(Object.entries(inputs).map(([key, values]) => [key, tf.tensor(values, shapes[key] as number[])]));

/** sum(op(inputs) * upstream), its value and the op's own values. */
function lossOf(testCase: Case, inputs: Params, upstream: (n: number) => Float32Array): { loss: Tensor; aux: Tensor } {
  const y = testCase.run(inputs as Record<string, Tensor>);
  return { loss: tf.sum(tf.mul(y, tf.tensor(upstream(y.size), y.shape))), aux: y };
}

describe.each(CASES)('$name', (testCase) => {
  const { inputs, upstream } = valuesOf(testCase);

  it('has the gradients that finite differences give', () => {
    const at = (changed: Record<string, Float32Array>): number =>
      tf.tidy(() => lossOf(testCase, upload(testCase, changed), upstream).loss.dataSync()[0] as never) as number;
    const result = tf.tidy(
      () => valueAndGradients((params) => lossOf(testCase, params, upstream), upload(testCase, inputs)) as never,
    ) as { gradients: Params };
    const step = 1e-2;
    for (const [key, values] of Object.entries(inputs)) {
      const numeric = Array.from(values, (value, i) => {
        const moved = (by: number) => at({ ...inputs, [key]: values.with(i, value + by) });
        return (moved(step) - moved(-step)) / (2 * step);
      });
      const analytic = result.gradients[key]?.dataSync() ?? [];
      expect(largest(numeric)).toBeGreaterThan(0.1);
      expectClose(analytic, numeric, { tolerance: 2e-3 * Math.max(1, largest(numeric)), where: key });
    }
    disposeTree(result);
  });

  it('gives the same compiled as op by op, with its gradients', () => {
    const compiled = compile((params: Params) => valueAndGradients((p) => lossOf(testCase, p, upstream), params));
    const device = upload(testCase, inputs);
    const [graph, eager] = [compiled(device), eagerly(() => compiled(device))];
    expect(compiled.stats.traces).toBe(1);
    expectClose(graph.aux.dataSync(), eager.aux.dataSync(), { tolerance: 1e-5, where: 'value' });
    for (const key of Object.keys(inputs)) {
      const expected = eager.gradients[key]?.dataSync() ?? [];
      const tolerance = 1e-5 * Math.max(1, largest(expected));
      expectClose(graph.gradients[key]?.dataSync() ?? [], expected, { tolerance, where: key });
    }
    disposeTree([graph, eager, device]);
    compiled.dispose();
  });
});

describe('values', () => {
  const read = (run: () => Tensor): number[] => tf.tidy(() => [...run().dataSync()] as never) as number[];

  it('are the definitions', () => {
    const w = () => tf.tensor2d([1, 2, 3, 4, 5, 6], [3, 2]);
    expect(read(() => linear(tf.tensor2d([[1, 10]]), w()))).toEqual([21, 43, 65]);
    expect(read(() => gatherRows(w(), int32([2, 0])))).toEqual([5, 6, 1, 2]);
    expectClose(
      read(() => rmsNorm(tf.tensor2d([[3, 4]]), tf.tensor1d([1, 10]), 0)),
      [3 / Math.sqrt(12.5), 40 / Math.sqrt(12.5)],
      {
        tolerance: 1e-6,
        where: 'rmsNorm',
      },
    );
    expectClose(
      read(() => swiglu(tf.tensor1d([2]), tf.tensor1d([3]))),
      [6 / (1 + Math.exp(-2))],
      {
        tolerance: 1e-6,
        where: 'swiglu',
      },
    );
    // Halves [1, 2] and [3, 4] change places behind the sine.
    const one = (values: number[]): Tensor => tf.tensor4d(values, [1, 1, 1, 4]);
    expect(read(() => rotate(one([1, 2, 3, 4]), one([1, 1, 1, 1]), one([-1, -1, 1, 1])))).toEqual([-2, -2, 4, 6]);
    const softmax = read(() => maskedSoftmax(tf.tensor2d([[5, 5, 5]]), tf.tensor2d([[0, -1e9, 0]])));
    expect(softmax).toEqual([0.5, 0, 0.5]);
  });

  it('of a gradient that nothing asks for cost nothing', () => {
    const gradients = tf.tidy(() => {
      const [x, w] = [tf.ones([2, 3]), tf.ones([4, 3])] as [Tensor, Tensor];
      const before = tf.memory().numTensors;
      valueAndGradients((params) => ({ loss: tf.sum(linear(x, params.w as Tensor)), aux: {} }), { w });
      return (tf.memory().numTensors - before) as never;
    });
    expect(gradients).toBe(2);
  });
});
