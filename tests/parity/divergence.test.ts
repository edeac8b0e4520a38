import { describe, it } from 'vitest';
import type { DivergenceSettings } from '../../src/base/config/parts';
import { int32 } from '../../src/engine/tensors/raw';
import { tf } from '../../src/engine/tensors/tensorflow';
import { crossEntropy } from '../../src/method/losses/crossEntropy';
import { divergence } from '../../src/method/losses/divergence';
import { expectClose, largest, readReference } from './reference';

interface Case {
  beta: number;
  temperature: number;
  top_k: number;
  tail: boolean;
  /** The teacher's where it is not said. */
  support?: DivergenceSettings['support'];
  clip_mode: DivergenceSettings['clip_mode'];
  made_with: string;
  values: number[];
  gradient: number[][];
}

const { student, teacher, clip, cases } = readReference<{
  student: number[][];
  teacher: number[][];
  clip: number;
  cases: Case[];
}>('divergence.json');

const settingsOf = (row: Case): DivergenceSettings => ({
  divergence: row.beta === 0 ? 'forward_kl' : row.beta === 1 ? 'reverse_kl' : 'jsd',
  beta: row.beta,
  loss_temperature: row.temperature,
  top_k: row.top_k,
  support: row.support ?? 'teacher',
  tail: row.tail,
  clip: row.clip_mode === 'none' ? 0 : clip,
  clip_mode: row.clip_mode,
});

/** Values [N] and gradient [N * V] in the student's logits. */
const run = (row: Case): { values: Float32Array; gradient: Float32Array } =>
  tf.tidy(() => {
    const inputs = { targets: int32(student.map(() => 0)), teacherLogits: tf.tensor2d(teacher) };
    const { values, gradient } = divergence(settingsOf(row))(tf.tensor2d(student), inputs);
    return { values: values.dataSync(), gradient: gradient.dataSync() } as never;
  });

const nameOf = (row: Case): string =>
  `beta ${row.beta}, temperature ${row.temperature}, top-k ${row.top_k} of ${row.support ?? 'teacher'}${row.tail ? ' and tail' : ''}, clip ${row.clip_mode}`;

describe('the divergence', () => {
  it.each([...new Set(cases.map((row) => row.made_with))])('agrees in value and gradient with %s', (madeWith) => {
    for (const row of cases.filter((each) => each.made_with === madeWith)) {
      const { values, gradient } = run(row);
      const expected = row.gradient.flat();
      expectClose(values, row.values, {
        tolerance: 1e-5 * Math.max(clip, largest(row.values)),
        where: `value, ${nameOf(row)}`,
      });
      expectClose(gradient, expected, { tolerance: 1e-5 * largest(expected), where: `gradient, ${nameOf(row)}` });
    }
  });
});

describe('the cross-entropy', () => {
  it('agrees in value and gradient with torch', () => {
    const { cross_entropy: reference } = readReference<{
      cross_entropy: { logits: number[][]; targets: number[]; mask: number[]; values: number[]; gradient: number[][] };
    }>('policy_gradient.json');
    const tokens = reference.mask.reduce((sum, each) => sum + each, 0);
    const { values, gradient } = tf.tidy(() => {
      const loss = crossEntropy(tf.tensor2d(reference.logits), { targets: int32(reference.targets) });
      const weights = tf.tensor2d(reference.mask.map((each) => [each / tokens]));
      return { values: loss.values.dataSync(), gradient: tf.mul(loss.gradient, weights).dataSync() } as never;
    }) as { values: Float32Array; gradient: Float32Array };
    const expected = reference.gradient.flat();
    expectClose(values, reference.values, { tolerance: 1e-5 * largest(reference.values), where: 'value' });
    expectClose(gradient, expected, { tolerance: 1e-5 * largest(expected), where: 'gradient' });
  });
});
