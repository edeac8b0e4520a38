import { describe, expect, it } from 'vitest';
import type { DivergenceSettings } from '../../src/base/config/parts';
import { compile } from '../../src/engine/tensors/compile';
import { type Params, valueAndGradients } from '../../src/engine/tensors/gradients';
import { createRandom } from '../../src/engine/tensors/random';
import { int32 } from '../../src/engine/tensors/raw';
import { liveTensors, type Tensor, tf } from '../../src/engine/tensors/tensorflow';
import { policyGradientSpec } from '../../src/method/algorithms/groupPolicy';
import { profileDefaults } from '../../src/method/algorithms/settings';
import { divergenceOf, PLAIN_DIVERGENCE } from '../../src/method/losses/plain';
import { type DivergenceSpec, type LossSpec, lossFunction } from '../../src/method/losses/spec';
import { overVocabulary } from '../../src/method/losses/tokenLoss';
import { expectClose, largest } from '../parity/reference';

const [TOKENS, WIDTH, VOCABULARY] = [7, 5, 11];

const spec = (changes: Partial<DivergenceSettings>): DivergenceSpec => ({
  kind: 'divergence',
  ...PLAIN_DIVERGENCE,
  ...changes,
});

const policy = policyGradientSpec(profileDefaults('paper', 'grpo').stage2);

const SPECS: [string, LossSpec][] = [
  ['cross-entropy', { kind: 'cross_entropy' }],
  ['forward KL', spec({})],
  ['reverse KL at temperature 1.3', spec({ divergence: 'reverse_kl', loss_temperature: 1.3 })],
  ['JSD of the top 4', spec({ divergence: 'jsd', beta: 0.3, top_k: 4 })],
  [
    'forward KL of the top 3 with the tail, entries clipped',
    spec({ top_k: 3, tail: true, clip: 0.05, clip_mode: 'entry' }),
  ],
  [
    "reverse KL of the student's top 3 with the tail",
    spec({ divergence: 'reverse_kl', top_k: 3, support: 'student', tail: true }),
  ],
  ['JSD of the union of the top 2', spec({ divergence: 'jsd', top_k: 2, support: 'union' })],
  ['forward KL, positions clipped', spec({ clip: 0.2, clip_mode: 'position' })],
  ['forward KL, positions masked', spec({ clip: 0.2, clip_mode: 'mask' })],
  ['policy gradient, clipped', { ...policy, temperature: 1.3, delta: 1.5, kl_coef: 0.3 }],
  [
    'policy gradient, sapo with a corrected KL',
    { ...policy, objective: 'sapo', kl_coef: 0.3, kl_bias_correction: true },
  ],
  [
    'policy gradient with a divergence',
    {
      kind: 'mixture',
      parts: [
        { loss: policy },
        { loss: { kind: 'divergence', ...PLAIN_DIVERGENCE, loss_temperature: 1.3 }, weight: 'distill_weight' },
      ],
    },
  ],
];

const DIVERGENCES = SPECS.filter(([, { kind }]) => kind === 'divergence');

/** What a policy gradient is told of the seven tokens. */
const SIGNALS = {
  advantage: [0.7, -0.7, 1.2, -0.3, 0, 2, -1.5],
  old_logprob: [-2, -3.1, -0.4, -1, -2.2, -5, -2],
  keep: [1, 1, 0, 1, 1, 0.5, 1],
  distill_weight: [0.3, 0, 0.3, 1, 0.3, 0.3, 2],
};

describe.each(SPECS)('%s', (_, settings) => {
  it('takes a logit of minus infinity for an entry that is not there', () => {
    const random = createRandom(4);
    const rows = () =>
      Array.from({ length: TOKENS }, () => Array.from({ length: VOCABULARY }, () => 2 * random.normal()));
    const [student, teacher] = [rows(), rows()];
    const signals = { ...SIGNALS, entropy_bonus: SIGNALS.keep.map((x) => 0.2 * x) };
    const numbers = (last: readonly number[]) =>
      tf.tidy(() => {
        const logits = (of: number[][]) => tf.tensor2d(of.map((row) => [...row, ...last]));
        const { values, gradient, added, metrics } = lossFunction(settings)(logits(student), {
          targets: int32(student.map((_, t) => t)),
          teacherLogits: logits(teacher),
          signals: Object.fromEntries(Object.entries(signals).map(([name, x]) => [name, tf.tensor1d(x)])),
        });
        const own = [gradient, added?.gradient].flatMap((each) =>
          each ? [...tf.slice(each, [0, 0], [-1, VOCABULARY]).dataSync()] : [],
        );
        const found = Object.values(metrics).flatMap((each) => [...each.dataSync()]);
        return [...values.dataSync(), ...(added?.values.dataSync() ?? []), ...own, ...found] as never;
      }) as number[];
    const without = numbers([]);
    expectClose(numbers([Number.NEGATIVE_INFINITY]), without, { tolerance: 1e-5 * largest(without), where: 'numbers' });
  });
});

interface Numbers {
  loss: number;
  hidden: number[];
  head: number[];
  metrics: Record<string, number[]>;
}

interface Setup {
  spec: LossSpec;
  weights?: number[];
  chunk?: number;
  /** Spread of the teacher's hidden states around the student's; 0 is the student itself. */
  distance?: number;
  /** Changes the student's hidden states. */
  change?: (hidden: Float32Array) => void;
  signals?: Readonly<Record<string, readonly number[]>>;
}

/** Loss, metrics and the gradients in the student's hidden states and head, as one compiled call. */
function measure({ spec: settings, weights, chunk, distance = 1, change, signals = SIGNALS }: Setup): Numbers {
  const random = createRandom(9);
  const normals = (size: number): Float32Array => Float32Array.from({ length: size }, () => random.normal());
  const [hidden, head, offset] = [normals(TOKENS * WIDTH), normals(VOCABULARY * WIDTH), normals(TOKENS * WIDTH)];
  const teacher = hidden.map((value, i) => value + distance * (offset[i] as number));
  change?.(hidden);
  const run = compile((params: Params, inputs: Params) =>
    valueAndGradients((p) => {
      const [student, base] = [{ hidden: p.hidden as Tensor, head: p.head as Tensor }, inputs.head as Tensor];
      const given = {
        targets: inputs.targets as Tensor,
        weights: inputs.weights as Tensor,
        ...(settings.kind !== 'cross_entropy' && { teacher: { hidden: inputs.teacher as Tensor, head: base } }),
        signals: Object.fromEntries(Object.keys(signals).map((name) => [name, inputs[name] as Tensor])),
      };
      const { loss, metrics } = overVocabulary(student, given, {
        loss: lossFunction(settings),
        ...(chunk && { chunk }),
      });
      return { loss, aux: metrics };
    }, params),
  );
  const numbers = tf.tidy(() => {
    const matrix = (values: Float32Array): Tensor => tf.tensor2d(values, [values.length / WIDTH, WIDTH]);
    const params = { hidden: matrix(hidden), head: matrix(head) };
    const result = run(params, {
      teacher: matrix(teacher),
      head: matrix(head),
      targets: int32([0, 3, 5, 10, 2, 2, 7]),
      ...Object.fromEntries(Object.entries(signals).map(([name, values]) => [name, tf.tensor1d([...values])])),
      weights: tf.tensor1d(weights ?? new Array<number>(TOKENS).fill(1)),
    });
    const read = (tensor: Tensor | undefined): number[] => [...(tensor?.dataSync() ?? [])];
    return {
      loss: read(result.loss)[0],
      hidden: read(result.gradients.hidden),
      head: read(result.gradients.head),
      metrics: Object.fromEntries(Object.entries(result.aux).map(([name, values]) => [name, read(values)])),
    } as never;
  }) as Numbers;
  run.dispose();
  return numbers;
}

const sum = (values: readonly number[] = []): number => values.reduce((a, b) => a + b, 0);
const near = (a: readonly number[], b: readonly number[], where: string): void =>
  expectClose(a, b, { tolerance: 1e-5 * Math.max(1, largest(b)), where });

describe.each(SPECS)('%s', (_, settings) => {
  it('is the same in chunks: value, gradients and metrics', () => {
    const whole = measure({ spec: settings });
    for (const chunk of [1, 3, TOKENS]) {
      const chunked = measure({ spec: settings, chunk });
      near([chunked.loss], [whole.loss], `loss in chunks of ${chunk}`);
      near(chunked.hidden, whole.hidden, `gradient of the hidden states in chunks of ${chunk}`);
      near(chunked.head, whole.head, `gradient of the head in chunks of ${chunk}`);
      expect(Object.keys(chunked.metrics)).toEqual(Object.keys(whole.metrics));
      for (const [name, values] of Object.entries(whole.metrics)) {
        expect(values).toHaveLength(TOKENS);
        near(chunked.metrics[name] ?? [], values, name);
      }
    }
  });

  it('weighs every token, and a weight of zero leaves it out', () => {
    const weights = [0.5, 0, 2, 0, 0, 1, 0.25];
    const one = measure({ spec: settings });
    const weighed = measure({ spec: settings, weights, chunk: 3 });
    near([weighed.loss], [sum(one.metrics.value?.map((value, i) => value * (weights[i] as number)))], 'loss');
    const rows = one.hidden.map((value, i) => value * (weights[Math.floor(i / WIDTH)] as number));
    near(weighed.hidden, rows, 'gradient');
    expect(weighed.hidden.slice(WIDTH, 2 * WIDTH).every((value) => value === 0)).toBe(true);
    const elsewhere = measure({ spec: settings, weights, change: (hidden) => hidden.fill(3, WIDTH, 2 * WIDTH) });
    near([elsewhere.loss], [weighed.loss], 'loss, whatever a token without weight holds');
    near(elsewhere.head, weighed.head, 'head, whatever a token without weight holds');
  });
});

// The position clip scales the gradient with the loss and holds the scale constant, so it is checked by itself below.
describe.each(SPECS.filter(([name]) => name !== 'forward KL, positions clipped'))('%s', (_, settings) => {
  it('has the gradient in the hidden states that finite differences give', () => {
    const { hidden } = measure({ spec: settings });
    const step = 1e-2;
    for (const at of [0, 7, 18, 34]) {
      const moved = (by: number): number => {
        const change = (values: Float32Array): void => {
          values[at] = (values[at] as number) + by;
        };
        return measure({ spec: settings, change }).loss;
      };
      const numeric = (moved(step) - moved(-step)) / (2 * step);
      expectClose([hidden[at] as number], [numeric], { tolerance: 4e-3, where: `entry ${at}` });
    }
  });
});

describe.each(DIVERGENCES)('%s', (_, settings) => {
  it('is nil, with its gradient, where the teacher is the student', () => {
    const { metrics, hidden, head } = measure({ spec: settings, distance: 0 });
    expect(largest(metrics.value ?? [1])).toBeLessThan(2e-6);
    expect(largest([...hidden, ...head])).toBeLessThan(1e-5);
    expect(metrics.agreement).toEqual(new Array(TOKENS).fill(1));
    near(metrics.teacher_entropy ?? [], metrics.entropy ?? [1], 'entropy');
    expect(metrics.clip).toEqual(new Array(TOKENS).fill(0));
  });
});

describe('the support', () => {
  it.each([false, true])('of as many entries as the vocabulary is the whole vocabulary (tail: %s)', (tail) => {
    const full = measure({ spec: spec({}) });
    const top = measure({ spec: spec({ top_k: VOCABULARY, tail }) });
    near(top.hidden, full.hidden, 'gradient');
    for (const name of ['value', 'true', 'retained_mass'])
      near(top.metrics[name] ?? [], full.metrics[name] ?? [1], name);
    expect(full.metrics.retained_mass).toEqual(new Array(TOKENS).fill(1));
  });

  it('of the top k keeps a share of the teacher that grows with k', () => {
    const retained = [1, 3, 6, 10].map((top_k) =>
      sum(measure({ spec: spec({ top_k, tail: true }) }).metrics.retained_mass),
    );
    expect([...retained].sort((a, b) => a - b)).toEqual(retained);
    expect(retained[0]).toBeGreaterThan(TOKENS / VOCABULARY);
    expect(retained[3]).toBeLessThan(TOKENS);
  });
});

describe('the clip', () => {
  it('of entries can make a loss negative whose divergence is not', () => {
    const { metrics } = measure({ spec: spec({ clip: 0.05, clip_mode: 'entry' }) });
    expect(Math.min(...(metrics.true ?? []))).toBeGreaterThan(0);
    expect(Math.min(...(metrics.value ?? []))).toBeLessThan(-0.05);
    metrics.value?.forEach((value, i) => {
      expect(value).toBeLessThanOrEqual((metrics.true?.[i] as number) + 1e-6);
    });
  });

  it('of positions caps a token, the mask drops it, and both say how often', () => {
    const unclipped = measure({ spec: spec({}) });
    const { true: free = [] } = unclipped.metrics;
    const clip = [...free].sort((a, b) => a - b)[3] as number;
    const over = free.map((value) => (value > clip ? 1 : 0));
    expect(sum(over)).toBe(3);
    const position = measure({ spec: spec({ clip, clip_mode: 'position' }) });
    near(
      position.metrics.value ?? [],
      free.map((value) => Math.min(value, clip)),
      'capped',
    );
    const scaled = unclipped.hidden.map(
      (value, i) => value * Math.min(1, clip / (free[Math.floor(i / WIDTH)] as number)),
    );
    near(position.hidden, scaled, 'gradient, scaled as the loss');
    const mask = measure({ spec: spec({ clip, clip_mode: 'mask' }) });
    near(
      mask.metrics.value ?? [],
      free.map((value, i) => (over[i] ? 0 : value)),
      'dropped',
    );
    expect(mask.hidden.every((value, i) => (over[Math.floor(i / WIDTH)] === 1 ? value === 0 : true))).toBe(true);
    for (const { metrics } of [position, mask]) {
      expect(metrics.clip).toEqual(over);
      near(metrics.true ?? [], free, 'the divergence before the clip');
    }
  });
});

describe('a loss', () => {
  it('leaves no tensor behind', () => {
    measure({ spec: spec({}) });
    const before = liveTensors();
    for (const [, settings] of SPECS) measure({ spec: settings, chunk: 2 });
    expect(liveTensors()).toEqual(before);
  });
});

describe('the divergence on plain arrays', () => {
  const softmax = (z: readonly number[]) => {
    const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
    return z.map((value) => Math.exp(value) / total);
  };

  it('is what arithmetic gives', () => {
    const logits = {
      student: [
        [1, 0.9, -2],
        [0, 1, 2],
      ],
      teacher: [
        [3, 0.5, -2],
        [0, 1, 2],
      ],
    };
    const before = liveTensors();
    const { values, gradient, unclipped, retained } = divergenceOf(logits, { clip: 0.05, clip_mode: 'entry' });
    expect(liveTensors()).toEqual(before);
    const [p, t] = [softmax(logits.student[0] as number[]), softmax(logits.teacher[0] as number[])];
    const entries = p.map((pv, v) => (t[v] as number) * Math.log((t[v] as number) / pv));
    const sum = (list: readonly number[]) => list.reduce((a, b) => a + b, 0);
    expect(unclipped[0]).toBeCloseTo(sum(entries), 6);
    expect(values[0]).toBeCloseTo(sum(entries.map((l) => Math.min(l, 0.05))), 6);
    // The wanted entry is clipped: only the normaliser's push is left, and it points the wrong way.
    expect(gradient[0]?.[0]).toBeCloseTo((p[0] as number) * (1 - (t[0] as number)), 6);
    expect(gradient[0]?.[0]).toBeGreaterThan(0);
    expect(values[1]).toBeCloseTo(0, 6);
    expect(gradient[1]).toHaveLength(3);
    expect(retained).toEqual([1, 1]);
    expect(divergenceOf(logits, { top_k: 1 }).retained[0]).toBeCloseTo(t[0] as number, 6);
  });

  it.each([
    [{ student: [[1, 2]], teacher: [] }],
    [{ student: [[1, 2]], teacher: [[1]] }],
    [{ student: [[1, 2], [1]], teacher: [[1, 2], [1]] }],
    [{ student: [], teacher: [] }],
  ])('refuses rows that do not fit: %j', (logits) => {
    expect(() => divergenceOf(logits)).toThrow('the same number of rows');
  });
});

describe('distillation at the sampled tokens', () => {
  const compared = measure({ spec: spec({}) }).metrics;
  const advantage = (compared.teacher_logprob ?? []).map(
    (logprob, t) => logprob - (compared.student_logprob?.[t] ?? 0),
  );

  it('is the policy gradient with log T - log P as the advantage', () => {
    const sampled = measure({ spec: { kind: 'sampled_token', temperature: 1 } });
    const expected = measure({ spec: { ...policy, temperature: 1 }, signals: { advantage } });
    near(sampled.hidden, expected.hidden, 'hidden');
    near(sampled.head, expected.head, 'head');
    near(
      sampled.metrics.true ?? [],
      advantage.map((x) => -x),
      'true',
    );
    near([sampled.loss], [-sum(advantage.map((a, t) => a * (compared.student_logprob?.[t] ?? 0)))], 'loss');
    expect(largest(sampled.hidden)).toBeGreaterThan(0.1);
  });

  it('does so at any temperature', () => {
    const sampled = measure({ spec: { kind: 'sampled_token', temperature: 1.3 } });
    const own = sampled.metrics.advantage ?? [];
    expect(Math.abs((own[0] ?? 0) - (advantage[0] ?? 0))).toBeGreaterThan(0.01);
    const expected = measure({ spec: { ...policy, temperature: 1.3 }, signals: { advantage: own } });
    near(sampled.hidden, expected.hidden, 'hidden');
  });
});

it('a mixture is the sum of its two losses', () => {
  const [both, first, second] = [
    { kind: 'mixture', parts: [{ loss: policy }, { loss: spec({}), weight: 'distill_weight' }] } as const,
    policy,
    spec({}),
  ].map((each) =>
    measure({ spec: each, signals: { ...SIGNALS, distill_weight: new Array<number>(TOKENS).fill(0.3) } }),
  );
  for (const part of ['hidden', 'head'] as const)
    near(
      both?.[part] ?? [],
      (first?.[part] ?? []).map((x, i) => x + 0.3 * (second?.[part][i] ?? 0)),
      part,
    );
  near([both?.loss ?? 0], [(first?.loss ?? 0) + 0.3 * (second?.loss ?? 0)], 'loss');
});
