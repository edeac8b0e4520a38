import { describe, expect, it } from 'vitest';
import type { OptimizerSettings } from '../../src/base/config/configs';
import { parseModelConfig } from '../../src/engine/model/config';
import { inverseFrequencies, ropeTables } from '../../src/engine/model/rope';
import { valueAndGradients } from '../../src/engine/tensors/gradients';
import { rmsNorm } from '../../src/engine/tensors/ops';
import { type Tensor, tf } from '../../src/engine/tensors/tensorflow';
import { adamw, type Moments, zeroMoments } from '../../src/method/train/adamw';
import { learningRate } from '../../src/method/train/schedule';
import { expectClose, largest, readReference } from './reference';

interface Rotary {
  name: string;
  head_dim: number;
  rope_parameters: Record<string, unknown>;
  inverse_frequencies: number[];
  cos: number[][];
  sin: number[][];
}

interface Schedule {
  schedule: OptimizerSettings['schedule'];
  warmup_steps: number;
  steps: number;
  factors: number[];
}

interface AdamW {
  start: number[];
  settings: { lr: number; betas: [number, number]; eps: number; weight_decay: number };
  gradients: number[][];
  values: number[][];
}

const reference = readReference<{
  positions: number[];
  rotary: Rotary[];
  rms_norm: { eps: number } & Record<'x' | 'upstream' | 'y' | 'gradient_x', number[][]> &
    Record<'weight' | 'gradient_weight', number[]>;
  schedules: Schedule[];
  adamw: AdamW;
}>('primitives.json');

const configOf = (row: Rotary) =>
  parseModelConfig(
    {
      model_type: 'llama',
      hidden_size: 2 * row.head_dim,
      num_attention_heads: 2,
      intermediate_size: 8,
      num_hidden_layers: 1,
      vocab_size: 8,
      max_position_embeddings: 131072,
      rope_parameters: row.rope_parameters,
    },
    'primitives.json',
  );

describe('small parts', () => {
  it.each(reference.rotary)('has the rotary frequencies and tables of $name', (row) => {
    const config = configOf(row);
    const frequencies = inverseFrequencies(config.rope, config.headDim);
    row.inverse_frequencies.forEach((expected, i) => {
      expectClose([frequencies[i] ?? 0], [expected], { tolerance: 1e-6 * expected, where: `frequency ${i}` });
    });
    const half = row.head_dim / 2;
    const last = Math.max(...reference.positions);
    const { cos, sin } = ropeTables(config, last + 1);
    const [cosValues, sinValues] = [cos.dataSync(), sin.dataSync()];
    reference.positions.forEach((position, i) => {
      // The second half carries the plain sine; the first its negative, for rotate-half. An angle of 1000 has 6e-5 of rounding.
      const second = [(position + 0.5) * row.head_dim, (position + 1) * row.head_dim] as const;
      const where = `position ${position}`;
      const tolerance = 1e-6 + 1e-7 * position;
      expectClose(cosValues.slice(position * row.head_dim, position * row.head_dim + half), row.cos[i] ?? [], {
        tolerance,
        where,
      });
      expectClose(sinValues.slice(...second), row.sin[i] ?? [], { tolerance, where });
    });
    tf.dispose([cos, sin]);
  });

  it('has the RMS norm and its gradients', () => {
    const { eps, x, weight, upstream, y, gradient_x, gradient_weight } = reference.rms_norm;
    const norm = (p: Readonly<Record<string, Tensor>>): Tensor => rmsNorm(p.x as Tensor, p.weight as Tensor, eps);
    const params = { x: tf.tensor2d(x), weight: tf.tensor1d(weight) };
    const { gradients, aux } = valueAndGradients((p) => {
      const out = norm(p);
      return { loss: tf.sum(tf.mul(out, tf.tensor2d(upstream))), aux: out };
    }, params);
    const check = (actual: Tensor | undefined, expected: number[], where: string): void =>
      expectClose(actual?.dataSync() ?? [], expected, { tolerance: 1e-6 * largest(expected), where });
    check(aux, y.flat(), 'values');
    check(gradients.x, gradient_x.flat(), 'gradient of x');
    check(gradients.weight, gradient_weight, 'gradient of the weight');
  });

  it.each(reference.schedules)('has the $schedule schedule with $warmup_steps steps of warm-up', (row) => {
    const settings = { learning_rate: 1, warmup_steps: row.warmup_steps, schedule: row.schedule } as OptimizerSettings;
    const factors = row.factors.map((_, step) => learningRate(settings, step, row.steps));
    expectClose(factors, row.factors, { tolerance: 1e-12, where: row.schedule });
  });

  it('has the AdamW updates of torch, where a zero gradient still decays', () => {
    const { start, settings, gradients, values } = reference.adamw;
    let params: Readonly<Record<string, Tensor>> = { p: tf.tensor1d(start) };
    let moments: Moments = zeroMoments(params);
    gradients.forEach((gradient, i) => {
      const [beta1, beta2] = settings.betas;
      const options = { learningRate: settings.lr, step: i + 1, beta1, beta2, epsilon: settings.eps, maxGradNorm: 0 };
      const g = { p: tf.tensor1d(gradient) };
      ({ params, moments } = adamw(params, g, moments, { ...options, weightDecay: settings.weight_decay }));
      expectClose(params.p?.dataSync() ?? [], values[i] ?? [], { tolerance: 1e-6, where: `update ${i + 1}` });
    });
    expect(params.p?.shape).toEqual([3]);
  });
});
