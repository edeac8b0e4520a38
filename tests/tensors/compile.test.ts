import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { after, compile, MOST_GRAPHS } from '../../src/engine/tensors/compile';
import { int32, rawOp, rawOps } from '../../src/engine/tensors/raw';
import { liveTensors, type Tensor, tf } from '../../src/engine/tensors/tensorflow';
import { disposeTree } from '../../src/engine/tensors/tree';
import { eagerly } from './eager';

const vector = (...values: number[]): Tensor => tf.tensor1d(values);
const read = (tensor: Tensor): number[] => [...tensor.dataSync()];

/** The result's values; the tensor is freed. */
function once(tensor: Tensor): number[] {
  const values = read(tensor);
  tensor.dispose();
  return values;
}

describe('a compiled function', () => {
  let before: ReturnType<typeof liveTensors>;
  let x: Tensor;

  beforeEach(() => {
    tf.engine();
    tf.scalar(0).dispose();
    before = liveTensors();
    x = vector(1, 2, 3);
  });
  afterEach(() => {
    x.dispose();
    expect(liveTensors()).toEqual(before);
  });

  it('is traced once for each signature and counts its calls', () => {
    let runs = 0;
    const scale = compile((value: Tensor, by: { factor: number; shift?: number | null }) => {
      runs++;
      return tf.add(tf.mul(value, by.factor), by.shift ?? 0);
    });
    expect(once(scale(x, { factor: 2 }))).toEqual([2, 4, 6]);
    expect(once(scale(x, { factor: 2 }))).toEqual([2, 4, 6]);
    expect([runs, scale.stats]).toEqual([1, { traces: 1, calls: 2 }]);
    expect(once(scale(x, { factor: 3 }))).toEqual([3, 6, 9]);
    const longer = vector(1, 2, 3, 4);
    expect(once(scale(longer, { factor: 3 }))).toEqual([3, 6, 9, 12]);
    const whole = int32([1, 2, 3]);
    expect(once(scale(whole, { factor: 3 }))).toEqual([3, 6, 9]);
    expect(scale.stats).toEqual({ traces: 4, calls: 5 });
    disposeTree([longer, whole]);
    scale.dispose();
  });

  it('keeps a bounded number of graphs: the one idle longest is traced again when its shapes come back', () => {
    let runs = 0;
    const add = compile((value: Tensor, by: number) => {
      runs++;
      return tf.add(value, by);
    });
    const added = (by: number): number | undefined => once(add(x, by))[0];
    for (let by = 0; by < MOST_GRAPHS; by++) expect(added(by)).toBe(1 + by);
    // All are kept, and 0 has now been idle for a shorter time than 1.
    expect([added(0), runs, add.kept()]).toEqual([1, MOST_GRAPHS, MOST_GRAPHS]);
    for (let by = 0; by < 3 * MOST_GRAPHS; by++) expect(added(1000 + by)).toBe(1001 + by);
    expect([runs, add.kept()]).toEqual([4 * MOST_GRAPHS, MOST_GRAPHS]);
    expect([added(0), runs]).toEqual([1, 4 * MOST_GRAPHS + 1]);
    add.dispose();
    expect(add.kept()).toBe(0);
  });

  it('tells static numbers apart that JSON does not', () => {
    const add = compile((value: Tensor, by: number | null) => tf.add(value, by ?? 10));
    expect(once(add(x, null))).toEqual([11, 12, 13]);
    expect(once(add(x, Number.POSITIVE_INFINITY))).toEqual([Infinity, Infinity, Infinity]);
    expect(once(add(x, Number.NEGATIVE_INFINITY))).toEqual([-Infinity, -Infinity, -Infinity]);
    expect(once(add(x, Number.NaN))).toEqual([NaN, NaN, NaN]);
    add.dispose();
  });

  it('takes and returns trees, and returns an argument, or one tensor twice, as tensors of their own', () => {
    const swap = compile(({ a, rest }: { a: Tensor; rest: [Tensor, string] }) => {
      const sum = tf.add(a, rest[0]);
      return { sums: [sum, sum], a, label: rest[1] };
    });
    for (const run of [
      () => swap({ a: x, rest: [x, 'label'] }),
      () => eagerly(() => swap({ a: x, rest: [x, 'label'] })),
    ]) {
      const result = run();
      expect([result.sums.map(read), read(result.a), result.label]).toEqual([
        [
          [2, 4, 6],
          [2, 4, 6],
        ],
        [1, 2, 3],
        'label',
      ]);
      disposeTree([result.sums, result.a]);
      expect(read(x)).toEqual([1, 2, 3]);
    }
    swap.dispose();
  });

  it('reads captured variables anew at every call, and keeps captured tensors', () => {
    const start = vector(10, 20, 30);
    const variable = tf.variable(start);
    start.dispose();
    const constant = vector(100, 200, 300);
    const add = compile((value: Tensor) => tf.add(tf.add(value, variable), constant));
    expect(once(add(x))).toEqual([111, 222, 333]);
    const next = vector(1, 1, 1);
    variable.assign(next as never);
    next.dispose();
    expect(once(add(x))).toEqual([102, 203, 304]);
    expect(add.stats.traces).toBe(1);
    constant.dispose();
    expect(() => add(x)).toThrow();
    variable.dispose();
    add.dispose();
  });

  it('becomes part of a compiled function that calls it', () => {
    const inner = compile((value: Tensor) => tf.square(value));
    const outer = compile((value: Tensor) => tf.add(inner(value), 1));
    expect(once(outer(x))).toEqual([2, 5, 10]);
    expect([inner.stats.traces, outer.stats.traces]).toEqual([0, 1]);
    outer.dispose();
  });

  it('works again after dispose, traced anew', () => {
    const double = compile((value: Tensor) => tf.mul(value, 2));
    expect(once(double(x))).toEqual([2, 4, 6]);
    double.dispose();
    expect(once(double(x))).toEqual([2, 4, 6]);
    expect(double.stats).toEqual({ traces: 2, calls: 2 });
    double.dispose();
  });

  it('computes on a tensor behind another one without changing it', () => {
    const run = compile((value: Tensor) => {
      const first = tf.square(value);
      return tf.add(after(value, first), first);
    });
    expect(once(run(x))).toEqual([2, 6, 12]);
    expect(once(eagerly(() => run(x)))).toEqual([2, 6, 12]);
    run.dispose();
  });

  describe('refuses, and leaves everything in order:', () => {
    it.each<[string, (value: Tensor) => Tensor, RegExp]>([
      [
        'to read a tensor',
        (value) => tf.mul(value, value.dataSync()[0] as number),
        /cannot read the values of a tensor/,
      ],
      [
        'a shape that depends on values',
        (value) => rawOp('Where', [tf.greater(value, 1)]),
        /shape depends on its values/,
      ],
      ["a wrong shape, in TensorFlow's words", (value) => rawOp('MatMul', [value, value]), /must be rank 2/],
      ['an op that does not exist', (value) => rawOp('NoSuchOp', [value]), /NoSuchOp/],
    ])('%s', (_, body, message) => {
      const failing = compile((value: Tensor) => body(tf.add(value, 1)));
      expect(() => failing(x)).toThrow(message);
      expect(failing.stats.traces).toBe(0);
      // The engine is eager again.
      expect(once(tf.add(x, 1))).toEqual([2, 3, 4]);
      const working = compile((value: Tensor) => tf.add(value, 2));
      expect(once(working(x))).toEqual([3, 4, 5]);
      working.dispose();
    });
  });

  it('throws what TensorFlow finds wrong only when it runs', () => {
    const gather = compile((table: Tensor, at: Tensor) => rawOp('GatherV2', [table, at, int32(0)]));
    const [good, bad] = [int32([2]), int32([7])];
    expect(once(gather(x, good))).toEqual([3]);
    expect(() => gather(x, bad)).toThrow(/indices\[0\] = 7 is not in \[0, 3\)/);
    expect(once(gather(x, good))).toEqual([3]);
    disposeTree([good, bad]);
    gather.dispose();
  });
});

describe('raw ops', () => {
  /** The same values op by op and traced. */
  const both = (body: (value: Tensor) => Tensor, value: Tensor): number[] => {
    const compiled = compile(body);
    const graph = once(compiled(value));
    expect(once(eagerly(() => compiled(value)))).toEqual(graph);
    compiled.dispose();
    return graph;
  };

  it.each<[string, (value: Tensor) => Tensor, number[]]>([
    ['a float given as 2', (x) => rawOp('LeakyRelu', [x], { alpha: 2 }), [-2, 0, 3, -8]],
    ['a boolean', (x) => rawOp('Cumsum', [x, int32(0)], { exclusive: true, reverse: true }), [-1, -1, -4, 0]],
    [
      'a list of integers',
      (x) => rawOp('Squeeze', [tf.reshape(x, [1, 4, 1])], { squeeze_dims: [0, 2] }),
      [-1, 0, 3, -4],
    ],
    ['a type', (x) => rawOp('Cast', [x], { DstT: 3 }), [-1, 0, 3, -4]],
    ['a string', (x) => rawOp('MirrorPad', [x, int32([1, 0], [1, 2])], { mode: 'REFLECT' }), [0, -1, 0, 3, -4]],
    ['a list input', (x) => rawOp('Pack', [x, x], { axis: 1 }), [-1, -1, 0, 0, 3, 3, -4, -4]],
    [
      'a list input between others',
      (x) => rawOp('ConcatV2', [x, tf.neg(x), x, int32(0)]),
      [-1, 0, 3, -4, 1, -0, -3, 4, -1, 0, 3, -4],
    ],
    ['several outputs', (x) => rawOps('TopKV2', [x, int32(2)], { sorted: true }, 2)[1] as Tensor, [2, 1]],
  ])('take %s', (_, body, expected) => {
    const x = vector(-1, 0, 3, -4);
    expect(both(body, x)).toEqual(expected);
    x.dispose();
  });

  it('refuse an attribute that the op does not have', () => {
    const x = vector(1);
    expect(() => rawOp('Square', [x], { alpha: 1 })).toThrow('TensorFlow op Square has no attribute alpha');
    x.dispose();
  });

  it("throw TensorFlow's message", () => {
    const [a, b] = [tf.ones([2, 3]), tf.ones([2, 3])];
    expect(() => rawOp('MatMul', [a, b])).toThrow(/incompatible|Matrix size/i);
    disposeTree([a, b]);
  });
});
