/** The project's own kernels against the stock operations that stand in for them, on every instruction set this processor has. */
import { describe, expect, inject, it } from 'vitest';
import { cachedAttention, causalAttention } from '../../src/engine/model/attention';
import type { ModelConfig } from '../../src/engine/model/config';
import { type Params, valueAndGradients } from '../../src/engine/tensors/gradients';
import { ownKernels } from '../../src/engine/tensors/hardware';
import { linear, rmsNorm, rotate, swiglu } from '../../src/engine/tensors/ops';
import { gatherPairs, pairsLinear, timesMatrix, toPairs } from '../../src/engine/tensors/pairs';
import { productSums, projectAll } from '../../src/engine/tensors/products';
import { createRandom } from '../../src/engine/tensors/random';
import { int32, rawOp } from '../../src/engine/tensors/raw';
import { liveTensors, type Tensor, tf } from '../../src/engine/tensors/tensorflow';
import { disposeTree } from '../../src/engine/tensors/tree';
import { surpriseOf } from '../../src/method/losses/distributions';
import { sampleTokens } from '../../src/method/rollout/sampling';
import { adamw, mapParams } from '../../src/method/train/adamw';
import { muon } from '../../src/method/train/muon';
import { expectClose, largest } from '../parity/reference';
import { eagerly, stock } from './eager';

const random = createRandom(5);
const normals = (...shape: number[]): Tensor =>
  tf.tensor(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
    shape,
  );

/** The numbers of a tensor that is then freed. */
function read(run: () => Tensor): number[] {
  return tf.tidy(() => [...run().dataSync()] as never) as number[];
}

/** A function of named inputs gives the same by our kernels as by the stock operations, and so do its gradients. */
function expectTwins(inputs: Params, run: (inputs: Params) => Tensor): void {
  const upstream = read(() => tf.randomNormal(run(inputs).shape, 0, 1, 'float32', 3));
  const values = (): number[][] => {
    const { aux, gradients } = tf.tidy(
      () =>
        valueAndGradients((params) => {
          const y = run(params);
          return { loss: tf.sum(tf.mul(y, tf.tensor(upstream, y.shape))), aux: y };
        }, inputs) as never,
    ) as { aux: Tensor; gradients: Params };
    return [aux, ...Object.values(gradients)].map((tensor) => read(() => tensor));
  };
  const [own, twin] = [eagerly(values), stock(() => eagerly(values))];
  const names = ['value', ...Object.keys(inputs)];
  own.forEach((numbers, i) => {
    const expected = twin[i] as number[];
    expectClose(numbers, expected, { tolerance: 1e-5 * Math.max(1, largest(expected)), where: names[i] as string });
  });
  tf.dispose(inputs as never);
}

describe('elementwise kernels', () => {
  it.each([1, 5, 16, 24, 577])('normalise rows of %i', (width) => {
    for (const rows of [7, 300]) {
      expectTwins({ x: normals(rows, width), weight: normals(width) }, ({ x, weight }) =>
        rmsNorm(x as Tensor, weight as Tensor, 1e-5),
      );
    }
  });

  it.each([2, 8, 20, 64])('rotate heads of %i, by position and by row', (width) => {
    for (const [batch, length] of [
      [1, 5],
      [3, 1],
      [3, 5],
    ] as const) {
      const [cos, sin] = [normals(batch, length, 1, width), normals(batch, length, 1, width)];
      expectTwins({ x: normals(3, 5, 2, width) }, ({ x }) => rotate(x as Tensor, cos, sin));
      tf.dispose([cos, sin]);
    }
  });

  it.each([1, 15, 33, 4000])('gate %i numbers', (size) => {
    expectTwins({ gate: normals(size, 3), up: normals(size, 3) }, ({ gate, up }) =>
      swiglu(gate as Tensor, up as Tensor),
    );
  });
});

describe('products of few rows', () => {
  it.each([1, 2, 3, 4, 7, 24, 96])('are those of the stock product, for %i rows', (rows) => {
    for (const [inner, out] of [
      [3, 1],
      [33, 9],
      [576, 50],
    ] as const) {
      expectTwins({ x: normals(rows, inner), w: normals(out, inner) }, ({ x, w }) => linear(x as Tensor, w as Tensor));
    }
  });

  it('read pairs of bf16 as the numbers they are', () => {
    for (const [inner, out] of [
      [2, 3],
      [34, 9],
      [576, 50],
    ] as const) {
      const w = normals(out, inner);
      const pairs = toPairs(w);
      const [inOnes, x] = [tf.ones([1, inner]) as Tensor, normals(3, inner)];
      const rows = int32(Array.from({ length: out }, (_, row) => row));
      const rounded = read(() => tf.transpose(gatherPairs(pairs, rows)));
      const plain = read(() => tf.transpose(w));
      expect(rounded).toEqual(read(() => tf.transpose(inBf16(w))));
      expectClose(rounded, plain, { tolerance: 2 ** -8 * largest(plain), where: 'rounding' });
      expect(rounded).not.toEqual(plain);
      const matrix = tf.tensor(rounded, [inner, out]);
      for (const input of [inOnes, x]) {
        const expected = read(() => tf.matMul(input as never, matrix as never));
        const own = read(() => pairsLinear(input, [pairs])[0] as Tensor);
        expectClose(own, expected, { tolerance: 1e-5 * Math.max(1, largest(expected)), where: `${inner}` });
      }
      tf.dispose([w, pairs, rows, inOnes, x, matrix]);
    }
  });

  it('give a row the same numbers in every batch', () => {
    const [x, w] = [normals(24, 100), normals(11, 100)];
    const whole = read(() => linear(x, w));
    for (const rows of [1, 2, 3, 5, 6]) {
      expect(read(() => linear(tf.slice(x, [0, 0], [rows, 100]), w))).toEqual(whole.slice(0, rows * 11));
    }
    tf.dispose([x, w]);
  });
});

/** The numbers as bf16 holds them: to the nearest, ties to even. */
function inBf16(tensor: Tensor): Tensor {
  const bits = new Uint32Array(Float32Array.from(tensor.dataSync()).buffer);
  const kept = bits.map((b) => ((b + 0x7fff + ((b >>> 16) & 1)) >>> 16) << 16);
  return tf.tensor(new Float32Array(kept.buffer), tensor.shape);
}

describe('products with frozen matrices in bf16', () => {
  const shapes = [
    [2, 3],
    [34, 66],
    [130, 17],
    [576, 200],
  ] as const;

  it.each([1, 24, 25, 61, 200])('are those of the widened matrix, for %i rows', (rows) => {
    for (const [inner, out] of shapes) {
      const [w, other] = [normals(out, inner), normals(7, inner)];
      const [pairs, more] = [toPairs(w), toPairs(other)];
      const wide = inBf16(w);
      expectTwins({ x: normals(rows, inner) }, ({ x }) => tf.concat(pairsLinear(x as Tensor, [pairs, more]), 1));
      const x = normals(rows, inner);
      const expected = read(() => tf.matMul(x as never, wide as never, false, true));
      const own = read(() => pairsLinear(x, [pairs])[0] as Tensor);
      expectClose(own, expected, { tolerance: 1e-5 * Math.max(1, largest(expected)), where: `${inner}, ${out}` });
      tf.dispose([w, other, pairs, more, wide, x]);
    }
  });

  it('give a row the same numbers in every batch of more than a few rows, forward and backward', () => {
    const [x, y, pairs] = [normals(300, 130), normals(300, 90), toPairs(normals(90, 130))];
    const rows = (of: Tensor, first: number, count: number): Tensor => tf.slice(of, [first, 0], [count, -1]);
    const [there, back] = [read(() => pairsLinear(x, [pairs])[0] as Tensor), read(() => timesMatrix(y, { pairs }))];
    for (const [first, count] of [
      [0, 25],
      [7, 100],
      [31, 269],
    ] as const) {
      const part = read(() => pairsLinear(rows(x, first, count), [pairs])[0] as Tensor);
      expect(part).toEqual(there.slice(first * 90, (first + count) * 90));
      expect(read(() => timesMatrix(rows(y, first, count), { pairs }))).toEqual(
        back.slice(first * 130, (first + count) * 130),
      );
    }
    tf.dispose([x, y, pairs]);
  });

  it('refuse a matrix that does not fit', () => {
    const [x, pairs] = [normals(30, 10), toPairs(normals(4, 12))];
    expect(() => tf.tidy(() => pairsLinear(x, [pairs]))).toThrow('RcsdWidened: x and w do not fit');
    tf.dispose([x, pairs]);
  });
});

describe('products in bf16', () => {
  const options = [false, true].flatMap((transposeLeft) =>
    [false, true].map((transposeRight) => ({ transposeLeft, transposeRight })),
  );

  it.each(options)('sum the products of the rounded numbers, %o', ({ transposeLeft, transposeRight }) => {
    for (const [m, k, n, other] of [
      [1, 1, 1, 2],
      [7, 33, 19, 5],
      [300, 64, 70, 33],
    ] as const) {
      const lefts = [k, other].map((inner) => (transposeLeft ? normals(inner, m) : normals(m, inner))) as [
        Tensor,
        Tensor,
      ];
      const rights = [k, other].map((inner) => (transposeRight ? normals(n, inner) : normals(inner, n))) as [
        Tensor,
        Tensor,
      ];
      const segments = [
        { left: lefts[0], right: rights[0], output: 0 },
        { left: lefts[1], right: rights[1], output: 0 },
        { left: lefts[0], right: rights[0], output: 1 },
      ];
      const [sum, single] = productSums(segments, { transposeLeft, transposeRight, scale: 0.5 }) as [Tensor, Tensor];
      const exact = (i: 0 | 1): Tensor =>
        tf.mul(tf.matMul(inBf16(lefts[i]) as never, inBf16(rights[i]) as never, transposeLeft, transposeRight), 0.5);
      const expected = [read(() => tf.add(exact(0), exact(1))), read(() => exact(0))];
      [sum, single].forEach((own, i) => {
        const tolerance = 1e-5 * Math.max(1, largest(expected[i] as number[]));
        expectClose(
          read(() => own),
          expected[i] as number[],
          { tolerance, where: `output ${i}` },
        );
      });
      tf.dispose([...lefts, ...rights]);
    }
  });

  it('project through matrices and their adapters, and back, as products one by one do', () => {
    const inputs: Params = {
      x: normals(130, 40),
      w: normals(24, 40),
      v: normals(70, 40),
      a: normals(8, 40),
      b: normals(70, 8),
    };
    const project = ({ x, w, v, a, b }: Params, all: boolean): Tensor => {
      const [one, two] = all
        ? projectAll(
            x as Tensor,
            [{ w: w as Tensor }, { w: v as Tensor, adapter: { a: a as Tensor, b: b as Tensor } }],
            0.5,
          )
        : [
            linear(x as Tensor, w as Tensor),
            tf.add(
              linear(x as Tensor, v as Tensor),
              linear(tf.mul(linear(x as Tensor, a as Tensor), 0.5), b as Tensor),
            ),
          ];
      return tf.add(tf.sum(tf.square(one as Tensor)), tf.sum(tf.square(two as Tensor)));
    };
    const gradients = (all: boolean): number[][] => {
      const { gradients: found } = tf.tidy(
        () => valueAndGradients((params) => ({ loss: project(params, all), aux: [] }), inputs) as never,
      ) as { gradients: Params };
      return Object.values(found).map((gradient) => read(() => gradient));
    };
    const [own, twin] = [gradients(true), gradients(false)];
    own.forEach((numbers, i) => {
      const expected = twin[i] as number[];
      expectClose(numbers, expected, { tolerance: 0.02 * largest(expected), where: Object.keys(inputs)[i] as string });
    });
    tf.dispose(inputs as never);
  });

  it('refuse matrices that do not fit', () => {
    const run = (): Tensor[] => productSums([{ left: normals(2, 3), right: normals(4, 5), output: 0 }]);
    expect(() => tf.tidy(() => run() as never)).toThrow('the matrices do not fit');
  });
});

const attentionConfig = (heads: number, kvHeads: number, headDim: number, slidingWindow: number | null): ModelConfig =>
  ({ heads, kvHeads, headDim, slidingWindows: [slidingWindow] as readonly (number | null)[] }) as ModelConfig;

/** Two rows: three completions behind one prompt and then another sequence; a sequence alone and padding that sees itself. */
function familySpans(length: number): Int32Array {
  const part = (share: number): number => Math.floor(length * share);
  const [prompt, first, second, third, other] = [0, 0.2, 0.4, 0.5, 0.7].map(part) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const shared = (i: number): number[] => {
    if (i >= other) return [other, other, other];
    const start = [third, second, first].find((from) => i >= from);
    return start === undefined ? [prompt, prompt, prompt] : [prompt, first, start];
  };
  const alone = (i: number): number[] => (i < third ? [0, 0, 0] : [i, i, i]);
  return Int32Array.from([shared, alone].flatMap((of) => Array.from({ length }, (_, i) => of(i)).flat()));
}

describe.each([
  [2, 2, 8, null],
  [6, 2, 64, null],
  [3, 1, 20, 5],
  [4, 4, 32, 50],
] as const)('attention of %i heads over %i of size %i in a window of %s', (heads, kvHeads, dim, window) => {
  const config = attentionConfig(heads, kvHeads, dim, window);

  it.each([1, 7, 48, 49, 131])('over %i positions', (length) => {
    const inputs = {
      q: tf.mul(normals(2, length, heads, dim), 1 / Math.sqrt(dim)) as Tensor,
      k: normals(2, length, kvHeads, dim),
      v: normals(2, length, kvHeads, dim),
    };
    expectTwins(inputs, ({ q, k, v }) => causalAttention(config, length)(0, q as Tensor, k as Tensor, v as Tensor));
  });

  it.each([30, 131, 400])('over rows of several sequences in %i places', (length) => {
    const q = tf.mul(normals(2, length, heads, dim), 1 / Math.sqrt(dim)) as Tensor;
    const inputs = { q, k: normals(2, length, kvHeads, dim), v: normals(2, length, kvHeads, dim) };
    const spans = int32(familySpans(length), [2, length, 3]);
    expectTwins(inputs, ({ q, k, v }) =>
      causalAttention(config, length, { spans })(0, q as Tensor, k as Tensor, v as Tensor),
    );
    spans.dispose();
  });

  it('over a cache, written in place', () => {
    const [batch, capacity] = [3, 70];
    const positions = int32([0, 69, 33]);
    const fresh = [normals(batch, 1, heads, dim), normals(batch, 1, kvHeads, dim), normals(batch, 1, kvHeads, dim)] as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const filled = [normals(batch * kvHeads * capacity, dim), normals(batch * kvHeads * capacity, dim)];
    const step = (): number[][] => {
      const [keys, values] = filled.map((buffer) => tf.tensor(buffer.dataSync().slice(), buffer.shape)) as [
        Tensor,
        Tensor,
      ];
      const attend = cachedAttention(config, { keys: [keys], values: [values] }, positions, capacity);
      return [read(() => attend(0, ...fresh)), read(() => keys), read(() => values)];
    };
    const [own, twin] = [step(), stock(step)];
    own.forEach((numbers, i) => {
      expectClose(numbers, twin[i] as number[], { tolerance: 1e-5, where: ['result', 'keys', 'values'][i] as string });
    });
    tf.dispose([...fresh, ...filled, positions]);
  });
});

describe('the surprise at tokens', () => {
  it.each([1, 3, 16, 45, 9000])('and the entropy are those of the stock operations, over %i words', (vocabulary) => {
    const logits = tf.mul(normals(5, vocabulary), 4) as Tensor;
    const targets = int32([0, 1, 2, 3, 4].map((i) => Math.floor(((vocabulary - 1) * i) / 4)));
    const values = (): number[][] =>
      tf.tidy(() => {
        const { surprise, entropy, gradient } = surpriseOf(logits, targets);
        return [surprise, entropy, gradient].map((tensor) => [...tensor.dataSync()]) as never;
      }) as number[][];
    const [own, twin] = [values(), stock(values)];
    own.forEach((numbers, i) => {
      const where = ['surprise', 'entropy', 'gradient'][i] as string;
      expectClose(numbers, twin[i] as number[], { tolerance: i === 2 ? 3e-6 : 1e-5, where });
    });
    tf.dispose([logits, targets]);
  });
});

describe('drawing tokens', () => {
  const rules = [0, 1, 1.7].flatMap((temperature) =>
    [0, 1, 5, 700].flatMap((topK) => [0.3, 0.9, 1].map((topP) => ({ temperature, topK, topP }))),
  );

  it.each(rules)('by %o draws what the stock operations draw', (rule) => {
    const [rows, vocabulary] = [40, 1003];
    const logits = tf.mul(normals(rows, vocabulary), 3) as Tensor;
    const uniform = tf.tensor1d(Float32Array.from({ length: rows }, (_, i) => (i + 1) / rows));
    const draw = (): number[][] =>
      tf.tidy(
        () => Object.values(sampleTokens(logits, uniform, rule)).map((tensor) => [...tensor.dataSync()]) as never,
      ) as number[][];
    const [own, twin] = [draw(), stock(draw)] as [[number[], number[], number[]], [number[], number[], number[]]];
    // At the end of the range (u = 1) the last bits of the sum decide between tokens of almost no weight.
    const differing = own[0].filter((token, i) => token !== twin[0][i]).length;
    expect(differing).toBeLessThanOrEqual(1);
    own[0].forEach((token, i) => {
      if (token !== twin[0][i]) return;
      expectClose([own[1][i] as number, own[2][i] as number], [twin[1][i] as number, twin[2][i] as number], {
        tolerance: 1e-4,
        where: `row ${i}`,
      });
    });
    tf.dispose([logits, uniform]);
  });

  it('keeps equals of the last kept, as a threshold does', () => {
    const logits = tf.tensor2d([[0, 2, 2, 2, 1]]);
    const at = (u: number): number =>
      read(() => sampleTokens(logits, tf.tensor1d([u]), { temperature: 1, topK: 2, topP: 1 }).tokens)[0] as number;
    expect([0.1, 0.5, 1].map(at)).toEqual([1, 2, 3]);
    logits.dispose();
  });
});

describe('numbers that are not finite', () => {
  /** NaN in two forms: as computed, and as a damaged file holds it. */
  const damaged = new Float32Array(Uint32Array.of(0x7fc00000, 0xffffffff).buffer);
  const broken = [['NaN', damaged.subarray(0, 1)] as const, ['a damaged NaN', damaged.subarray(1)] as const];
  /** Copies the number into a tensor at some place; through a typed array, which keeps its bits. */
  const spoilt = (tensor: Tensor, at: number, by: Float32Array): Tensor => {
    const values = tensor.dataSync().slice() as Float32Array;
    values.set(by, at);
    return tf.tensor(values, tensor.shape);
  };
  const finite = (numbers: readonly number[]): boolean[] => numbers.map(Number.isFinite);

  it.each(broken)('reach what attends to them and nothing else: %s in a key', (_, by) => {
    const [length, heads, dim] = [40, 2, 8];
    const attend = causalAttention(attentionConfig(heads, heads, dim, null), length);
    const [q, k, v] = [1, 1, 1].map(() => normals(1, length, heads, dim)) as [Tensor, Tensor, Tensor];
    const seen = finite(read(() => attend(0, q, spoilt(k, 25 * heads * dim, by), v)));
    // Position 25 and those behind it, in the first head.
    expect(seen).toEqual(seen.map((__, i) => Math.floor(i / (heads * dim)) < 25 || i % (heads * dim) >= dim));
    const cached = cachedAttention(
      attentionConfig(heads, heads, dim, null),
      { keys: [spoilt(normals(heads * length, dim), 3 * dim, by)], values: [normals(heads * length, dim)] },
      int32([20]),
      length,
    );
    const step = finite(
      read(() => cached(0, normals(1, 1, heads, dim), normals(1, 1, heads, dim), normals(1, 1, heads, dim))),
    );
    expect(step).toEqual(step.map((__, i) => i >= dim));
    tf.dispose([q, k, v]);
  });

  it.each([...broken, ['infinity', Float32Array.of(Number.POSITIVE_INFINITY)] as const])(
    'leave a row of logits without a draw and without a surprise: %s',
    (_, by) => {
      const logits = normals(3, 100);
      const [bad, uniform, targets] = [spoilt(logits, 170, by), tf.tensor1d([0.3, 0.3, 0.3]), int32([1, 2, 3])];
      for (const temperature of [0, 1, 0.7])
        for (const [topK, topP] of [
          [0, 1],
          [5, 1],
          [0, 0.9],
        ] as const) {
          const rule = { temperature, topK, topP };
          const drawn = (from: Tensor): number[] => read(() => sampleTokens(from, uniform, rule).logprobs);
          expect(finite(drawn(bad))).toEqual([true, false, true]);
          expect(drawn(bad)[2]).toBe(drawn(logits)[2]);
        }
      for (const part of ['surprise', 'entropy'] as const)
        expect(finite(read(() => surpriseOf(bad, targets)[part]))).toEqual([true, false, true]);
      tf.dispose([logits, bad, uniform, targets]);
    },
  );

  it.each(broken)('are not rounded away in bf16: %s', (_, by) => {
    const [x, w] = [normals(2, 64), normals(40, 64)];
    const seen = finite(read(() => linear(spoilt(x, 63, by), w, 'bf16')));
    expect(seen).toEqual(seen.map((__, i) => i >= 40));
    const across = finite(read(() => linear(x, spoilt(w, 7 * 64 + 5, by), 'bf16')));
    expect(across).toEqual(across.map((__, i) => i % 40 !== 7));
    tf.dispose([x, w]);
  });
});

it('updates of Muon are those of the stock operations', () => {
  const sizes: Record<string, [number, number]> = {
    wide: [37, 130],
    tall: [130, 37],
    small: [3, 2],
    square: [128, 128],
  };
  const record = (): Params =>
    Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, normals(...size)]));
  const [params, gradients, momenta] = [record(), record(), record()];
  const update = (): number[][] =>
    tf.tidy(() => {
      const start = mapParams(momenta, (value) => tf.tensor(value.dataSync().slice(), value.shape));
      const inputs = { params, gradients, momenta: start, scale: tf.scalar(0.8) };
      const next = muon(inputs, { learningRate: tf.scalar(0.1), momentum: 0.95, weightDecay: 0.2 });
      return [next.params, next.momenta].flatMap((of) => Object.values(of).map((x) => [...x.dataSync()])) as never;
    }) as number[][];
  const [own, twin] = [update(), stock(update)];
  own.forEach((numbers, i) => {
    expectClose(numbers, twin[i] as number[], { tolerance: 2e-5, where: `${i}` });
  });
  tf.dispose([params, gradients, momenta] as never);
});

it.each([
  ['a few', 5],
  ['so many parameters that they are written past the caches', 2100],
] as const)('updates of AdamW are those of the stock operations, for %s', (_, rows) => {
  const record = (scale: number): Params => ({
    a: tf.randomNormal([rows, 2003], 0, scale, 'float32', random.int(1, 1e6)) as Tensor,
    b: normals(3),
  });
  const [params, gradients, m, v] = [record(1), record(10), record(0.1), mapParams(record(1), (x) => tf.abs(x))];
  const options = { learningRate: 1e-2, step: 3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.1 };
  const copy = (from: Params): Params => mapParams(from, (x) => tf.add(x, 0));
  const update = (): Float32Array[] => {
    const moments = { m: copy(m), v: copy(v) };
    const result = adamw(params, gradients, moments, { ...options, maxGradNorm: 1 });
    const all = [
      ...[result.params, result.moments.m, result.moments.v].flatMap((part) => Object.values(part)),
      result.norm,
    ];
    const numbers = all.map((tensor) => tensor.dataSync() as Float32Array);
    disposeTree(result);
    return numbers;
  };
  const before = liveTensors().tensors;
  const [own, twin] = [eagerly(update), stock(() => eagerly(update))];
  expect(liveTensors().tensors).toBe(before);
  own.forEach((numbers, i) => {
    const expected = twin[i] as Float32Array;
    expectClose(numbers, expected, { tolerance: 2e-5 * largest(expected), where: `part ${i}` });
  });
  tf.dispose([params, gradients, m, v] as never);
});

it('refuses a span outside its row', () => {
  const row = (heads: number): Tensor => tf.ones([1, 2, heads, 4]);
  const run = (): Tensor =>
    rawOp('RcsdAttention', [row(2), row(1), row(1), int32([0, 0, 0, 0, 0, 2], [1, 2, 3])], { window: 0 });
  expect(() => tf.tidy(run)).toThrow('a span lies outside its row');
});

it('refuses a target outside the vocabulary', () => {
  for (const target of [-1, 3]) {
    const run = (): Tensor => surpriseOf(tf.ones([1, 3]), int32([target])).surprise;
    expect(() => tf.tidy(run)).toThrow('one target a row is needed, inside the vocabulary');
  }
});

it('refuses a position beyond the cache', () => {
  const row = (heads: number): Tensor => tf.ones([1, 1, heads, 4]);
  const buffer = (): Tensor => tf.zeros([8, 4]);
  const run = (): Tensor =>
    rawOp('RcsdCachedAttention', [row(2), row(1), row(1), buffer(), buffer(), int32([8])], { capacity: 8, window: 0 });
  expect(() => tf.tidy(run)).toThrow('a position is beyond the cache');
});

// This file runs once for each set of instructions that the processor has: see vitest.config.mts.
const { supported, lacking } = inject('loops');
it(`is tested for ${supported.join(', ')}${lacking.length > 0 ? `; this processor lacks ${lacking.join(', ')}` : ''}`, () => {
  expect(supported).toContain(process.env.RCSD_LOOPS ?? supported[0]);
  expect([...lacking, ...supported]).toEqual(
    expect.arrayContaining(['avx512-bf16', 'x86-64-v4', 'x86-64-v3', 'x86-64']),
  );
  // Otherwise TensorFlow's operations would be compared with themselves.
  expect(ownKernels()).toBe(true);
});
