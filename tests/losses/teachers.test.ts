/** Teachers of one criterion each: what they are mixed to, by plain arithmetic in double precision. */
import { describe, expect, it } from 'vitest';
import type { DivergenceSettings, MixingSettings, TeacherMixture } from '../../src/base/config/parts';
import { compile } from '../../src/engine/tensors/compile';
import { type Params, valueAndGradients } from '../../src/engine/tensors/gradients';
import { createRandom } from '../../src/engine/tensors/random';
import { int32 } from '../../src/engine/tensors/raw';
import { liveTensors, type Tensor, tf } from '../../src/engine/tensors/tensorflow';
import { PLAIN_DIVERGENCE } from '../../src/method/losses/plain';
import { lossFunction } from '../../src/method/losses/spec';
import { mixTeachers } from '../../src/method/losses/teachers';
import { overVocabulary } from '../../src/method/losses/tokenLoss';
import { expectClose, largest } from '../parity/reference';

type Matrix = readonly (readonly number[])[];
type Mixture = Exclude<TeacherMixture, 'joint'>;

const MIXTURES: readonly Mixture[] = ['mean', 'product', 'ratio', 'strongest'];
const DIVERGENCES = ['forward_kl', 'reverse_kl', 'jsd'] as const;
const [TOKENS, VOCABULARY] = [6, 9];

const settingsOf = (changes: Partial<MixingSettings>): MixingSettings => ({
  teacher_mixture: 'mean',
  divergence: 'forward_kl',
  beta: 0.3,
  loss_temperature: 1,
  ...changes,
});

const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
const normalised = (weights: readonly number[]): number[] => weights.map((w) => w / sum(weights));
const softmax = (logits: readonly number[], temperature = 1): number[] => {
  const top = Math.max(...logits);
  return normalised(logits.map((z) => Math.exp((z - top) / temperature)));
};

/** The divergence of two distributions, as the head of src/method/losses/divergence.ts writes it. */
function apart(p: readonly number[], t: readonly number[], { divergence, beta }: MixingSettings): number {
  return sum(
    p.map((pv, v) => {
      const tv = t[v] as number;
      if (divergence === 'forward_kl') return tv * Math.log(tv / pv);
      if (divergence === 'reverse_kl') return pv * Math.log(pv / tv);
      const m = (1 - beta) * pv + beta * tv;
      return beta * tv * Math.log(tv / m) + (1 - beta) * pv * Math.log(pv / m);
    }),
  );
}

/** The mixture of some distributions, and which of them is furthest from the student's. */
function mixed(p: readonly number[], teachers: Matrix, settings: MixingSettings): { t: number[]; strongest: number } {
  const distances = teachers.map((t) => apart(p, t, settings));
  const strongest = distances.indexOf(Math.max(...distances));
  const each = (of: (values: number[], student: number) => number): number[] =>
    p.map((pv, v) =>
      of(
        teachers.map((t) => t[v] as number),
        pv,
      ),
    );
  const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
  const t = {
    mean: each((values) => sum(values) / values.length),
    product: normalised(each((values) => product(values) ** (1 / values.length))),
    ratio: normalised(each((values, pv) => pv * product(values.map((tv) => tv / pv)))),
    strongest: [...(teachers[strongest] as number[])],
  }[settings.teacher_mixture as Mixture];
  return { t, strongest };
}

/** The same by the library, from logits: distributions at the loss's temperature. */
function library(student: Matrix, teachers: readonly Matrix[], settings: MixingSettings, present?: Matrix) {
  const read = tf.tidy(() => {
    const matrix = (rows: Matrix): Tensor => tf.tensor2d(rows.map((row) => [...row]));
    const { logits, strongest } = mixTeachers(
      matrix(student),
      {
        present: matrix(present ?? teachers.map(() => student.map(() => 1))),
        logits: (k) => matrix(teachers[k] as Matrix),
      },
      settings,
    );
    const tempered = tf.softmax(tf.div(logits, settings.loss_temperature));
    return [tempered.arraySync(), [...strongest.dataSync()], logits.arraySync()] as never;
  }) as [number[][], number[], number[][]];
  return { mixtures: read[0], strongest: read[1], logits: read[2] };
}

const random = createRandom(4);
const rows = (spread: number): number[][] =>
  Array.from({ length: TOKENS }, () => Array.from({ length: VOCABULARY }, () => spread * random.normal()));
const student = rows(2);
const teachers = [rows(2), rows(3), rows(1), rows(2)];
/** How many criteria the rubric behind each token has. */
const counts = [4, 1, 2, 4, 3, 2];
const present = teachers.map((_, k) => counts.map((count) => Number(k < count)));

describe.each(MIXTURES)('the mixture %s', (teacher_mixture) => {
  it('is what arithmetic gives, for rubrics of several lengths, at any temperature, by every divergence', () => {
    const found = new Set<number>();
    for (const loss_temperature of [1, 1.3])
      for (const divergence of DIVERGENCES) {
        const settings = settingsOf({ teacher_mixture, divergence, loss_temperature });
        const { mixtures, strongest } = library(student, teachers, settings, present);
        counts.forEach((count, n) => {
          const own = teachers.slice(0, count).map((teacher) => softmax(teacher[n] as number[], loss_temperature));
          const expected = mixed(softmax(student[n] as number[], loss_temperature), own, settings);
          expectClose(mixtures[n] ?? [], expected.t, { tolerance: 1e-5 * largest(expected.t), where: `token ${n}` });
          expect(strongest[n]).toBe(expected.strongest);
          found.add(expected.strongest);
        });
      }
    expect(found.size).toBeGreaterThan(2);
  });

  it('of one criterion is its teacher, to the last bit', () => {
    const [only] = teachers as [number[][]];
    const { logits, strongest } = library(student, [only], settingsOf({ teacher_mixture, loss_temperature: 1.2 }));
    expect(logits).toEqual(only.map((row) => row.map(Math.fround)));
    expect(strongest).toEqual(only.map(() => 0));
  });

  it('of a criterion that is said twice is its teacher where the student is put aside', () => {
    const [only] = teachers as [number[][]];
    const settings = settingsOf({ teacher_mixture });
    const { mixtures, strongest, logits } = library(student, [only, only, only], settings);
    expect(strongest).toEqual(only.map(() => 0));
    if (teacher_mixture === 'strongest') expect(logits).toEqual(only.map((row) => row.map(Math.fround)));
    if (teacher_mixture === 'ratio') return;
    mixtures.forEach((own, n) => {
      const expected = softmax(only[n] as number[]);
      expectClose(own, expected, { tolerance: 1e-6, where: `token ${n}` });
    });
  });

  it('stands where distributions are as far apart as logits can bring them', () => {
    const sure = (at: number): number[] => Array.from({ length: VOCABULARY }, (_, v) => (v === at ? 400 : -400));
    const { mixtures } = library([sure(0)], [[sure(1)], [sure(2)]], settingsOf({ teacher_mixture }));
    expect(mixtures.flat().every(Number.isFinite)).toBe(true);
    expect(sum(mixtures[0] as number[])).toBeCloseTo(1, 5);
  });
});

/** docs/method.md: the right rule, the usual one, all else; one criterion of four names the right rule. */
describe('the example of docs/method.md', () => {
  const untold = [0.001, 0.998, 0.001];
  const told = [0.9, 0.0001, 0.0999];
  const logits = (distribution: readonly number[]): number[][] => [distribution.map(Math.log)];
  const right = (teacher_mixture: Mixture, t = told): number =>
    library(
      logits(untold),
      [untold, t, untold, untold].map((each) => logits(each)),
      settingsOf({ teacher_mixture }),
    ).mixtures[0]?.[0] ?? 0;

  it('drowns the rule in the mean and in the product, and keeps it in the other two', () => {
    expect(right('mean')).toBeCloseTo(0.226, 3);
    expect(right('product')).toBeCloseTo(0.0505, 4);
    expect(right('ratio')).toBeCloseTo(0.9, 4);
    expect(right('strongest')).toBeCloseTo(0.9, 4);
    // A teacher that leaves the rest to the usual rule makes the product smaller still.
    expect(right('product', [0.9, 0.0999, 0.0001])).toBeCloseTo(0.0097, 3);
  });
});

describe('a loss towards a mixture', () => {
  const WIDTH = 5;
  const normals = (size: number): Float32Array => Float32Array.from({ length: size }, () => random.normal());
  const [hidden, head] = [normals(TOKENS * WIDTH), normals(VOCABULARY * WIDTH)];
  const behind = teachers.map(() => normals(TOKENS * WIDTH));
  const times = (states: Float32Array): number[][] =>
    Array.from({ length: TOKENS }, (_, n) =>
      Array.from({ length: VOCABULARY }, (_, v) =>
        sum(
          Array.from({ length: WIDTH }, (_, d) => (states[n * WIDTH + d] as number) * (head[v * WIDTH + d] as number)),
        ),
      ),
    );
  const LOSSES: readonly Partial<DivergenceSettings>[] = [
    { loss_temperature: 1.2 },
    { divergence: 'jsd', beta: 0.3, top_k: 4, tail: true },
    { divergence: 'reverse_kl', clip: 0.2, clip_mode: 'position' },
    { top_k: 3, clip: 0.05, clip_mode: 'entry' },
  ];

  /** Loss, gradient in the student's states, and metrics, as one compiled call. */
  function measure(teacher_mixture: Mixture, changes: Partial<DivergenceSettings>, chunk?: number) {
    const loss = lossFunction({ kind: 'divergence', ...PLAIN_DIVERGENCE, ...changes });
    const settings = settingsOf({ ...PLAIN_DIVERGENCE, ...changes, teacher_mixture });
    const run = compile((params: Params, inputs: Params) =>
      valueAndGradients((p) => {
        const own = { hidden: p.hidden as Tensor, head: inputs.head as Tensor };
        const mixing = { ...settings, present: inputs.present as Tensor };
        const teacher = { hidden: inputs.behind as Tensor, head: inputs.head as Tensor, mixing };
        const given = { targets: inputs.targets as Tensor, weights: inputs.weights as Tensor, teacher };
        const result = overVocabulary(own, given, { loss, ...(chunk && { chunk }) });
        return { loss: result.loss, aux: result.metrics };
      }, params),
    );
    const before = liveTensors();
    const numbers = tf.tidy(() => {
      const matrix = (values: ArrayLike<number>, width: number): Tensor =>
        tf.tensor2d(Float32Array.from(values), [values.length / width, width]);
      const { loss, aux, gradients } = run(
        { hidden: matrix(hidden, WIDTH) },
        {
          head: matrix(head, WIDTH),
          behind: matrix(
            behind.flatMap((states) => [...states]),
            WIDTH,
          ),
          present: matrix(present.flat(), TOKENS),
          targets: int32([0, 3, 5, 8, 2, 2]),
          weights: tf.ones([TOKENS]),
        },
      );
      const read = (tensor: Tensor | undefined): number[] => [...(tensor?.dataSync() ?? [])];
      return {
        loss: read(loss),
        hidden: read(gradients.hidden),
        ...Object.fromEntries(Object.entries(aux).map(([name, values]) => [name, read(values)])),
      } as never;
    }) as Record<string, number[]>;
    expect(liveTensors()).toEqual(before);
    run.dispose();
    return { numbers, settings };
  }

  /** The loss with the mixture's logits as those of one teacher. */
  function direct(settings: MixingSettings, changes: Partial<DivergenceSettings>) {
    const { logits, strongest } = library(times(hidden), behind.map(times), settings, present);
    const loss = lossFunction({ kind: 'divergence', ...PLAIN_DIVERGENCE, ...changes });
    return tf.tidy(() => {
      const inputs = { targets: int32([0, 3, 5, 8, 2, 2]), teacherLogits: tf.tensor2d(logits) };
      const { values, gradient, metrics } = loss(tf.tensor2d(times(hidden)), inputs);
      const states = tf.matMul(gradient, tf.tensor2d(head, [VOCABULARY, WIDTH]));
      const read = (tensor: Tensor): number[] => [...tensor.dataSync()];
      return { value: read(values), hidden: read(states), true: read(metrics.true as Tensor), criterion: strongest };
    }) as never as Record<'value' | 'hidden' | 'true' | 'criterion', number[]>;
  }

  it.each(MIXTURES)('%s is that towards one teacher of its logits: value, gradient, metrics, in any chunks', (name) => {
    for (const changes of LOSSES) {
      const { numbers, settings } = measure(name, changes);
      const expected = direct(settings, changes);
      const parts = measure(name, changes, 4).numbers;
      for (const [part, values] of Object.entries(expected))
        for (const own of [numbers, parts])
          expectClose(own[part] ?? [], values, { tolerance: 1e-5 * Math.max(1, largest(values)), where: part });
      expect(largest(expected.hidden)).toBeGreaterThan(0.01);
    }
  });
});
