import { describe, expect, it } from 'vitest';
import { pretrainTable } from '../../src/base/config/pretrain';
import { createRandom } from '../../src/engine/tensors/random';
import { type Tensor, tf } from '../../src/engine/tensors/tensorflow';
import { mapParams } from '../../src/method/train/adamw';
import { muon, orthogonalize } from '../../src/method/train/muon';
import { pretrainSchedule } from '../../src/method/train/pretrain';
import { expectClose } from '../parity/reference';

const SHAPES: Record<string, [number, number]> = { wide: [4, 9], tall: [12, 5], square: [6, 6], tall2: [12, 5] };

function randomMatrices(seed: number): Record<string, Tensor> {
  const random = createRandom(seed);
  return Object.fromEntries(
    Object.entries(SHAPES).map(([name, shape]) => [
      name,
      tf.tensor2d(
        Array.from({ length: shape[0] * shape[1] }, () => random.normal() * 3),
        shape,
      ),
    ]),
  );
}

/** M M^T (or M^T M, the smaller), as rows. */
function gram(matrix: Tensor): number[][] {
  const [rows, columns] = matrix.shape as [number, number];
  const product = rows <= columns ? tf.matMul(matrix, matrix, false, true) : tf.matMul(matrix, matrix, true, false);
  return product.arraySync() as number[][];
}

describe('Muon', () => {
  it('makes matrices nearly orthogonal, whatever their scale, and keeps their directions', () => {
    tf.tidy(() => {
      const matrices = randomMatrices(4);
      for (const factor of [1, 1e-4]) {
        const scaled = Object.fromEntries(Object.entries(matrices).map(([name, m]) => [name, tf.mul(m, factor)]));
        for (const [name, solved] of Object.entries(orthogonalize(scaled))) {
          expect(solved.shape).toEqual(SHAPES[name]);
          const product = gram(solved);
          product.forEach((row, i) => {
            // Newton-Schulz in five steps leaves singular values between about 0.7 and 1.2.
            row.forEach((value, j) => {
              if (i === j) expect([name, Math.abs(value - 1) < 0.55]).toEqual([name, true]);
              else expect([name, Math.abs(value) < 0.3]).toEqual([name, true]);
            });
          });
          // The nearest orthogonal matrix has the largest inner product with M: the nuclear norm, above |M|_F.
          const inner = tf.sum(tf.mul(solved, scaled[name] as Tensor)).dataSync()[0] as number;
          expect(inner).toBeGreaterThan(tf.norm(scaled[name] as Tensor).dataSync()[0] as number);
        }
      }
    });
  });

  it('steps along the Nesterov momentum, scaled by the shape, after the decay', () => {
    tf.tidy(() => {
      const [params, gradients, momenta] = [randomMatrices(1), randomMatrices(2), randomMatrices(3)];
      const options = { learningRate: tf.scalar(0.1), momentum: 0.9, weightDecay: 0.5 };
      const at = (record: Readonly<Record<string, Tensor>>, name: string): Tensor => record[name] as Tensor;
      const clipped = mapParams(gradients, (gradient) => tf.mul(gradient, 0.7));
      // Read before the update, which may write the momenta in place.
      const grown = mapParams(momenta, (old, name) => tf.add(tf.mul(old, 0.9), at(clipped, name)));
      const next = muon({ params, gradients, momenta, scale: tf.scalar(0.7) }, options);
      for (const [name, [rows, columns]] of Object.entries(SHAPES)) {
        const momentum = at(grown, name);
        const direction = at(orthogonalize({ m: tf.add(tf.mul(momentum, 0.9), at(clipped, name)) }), 'm');
        const step = tf.mul(direction, 0.1 * Math.sqrt(Math.max(1, rows / columns)));
        const expected = tf.sub(tf.mul(at(params, name), 1 - 0.1 * 0.5), step);
        expectClose(at(next.momenta, name).dataSync(), momentum.dataSync(), {
          tolerance: 1e-5,
          where: `${name} momentum`,
        });
        expectClose(at(next.params, name).dataSync(), expected.dataSync(), { tolerance: 1e-4, where: name });
      }
    });
  });
});

describe('the pretraining schedule', () => {
  it('warms up from the first step, stays, and falls to nearly zero', () => {
    const config = { ...pretrainTable.defaults, steps: 100, warmup_steps: 10, decay_share: 0.5 };
    const factors = [0, 4, 9, 10, 50, 75, 99].map((step) => pretrainSchedule(config, step));
    expectClose(factors, [0.1, 0.5, 1, 1, 1, 0.5, 0.02], { tolerance: 1e-12, where: 'factors' });
  });
});
