/** The GRPO family against TRL's GRPOTrainer: from log-probabilities and advantages to the batch's loss and its gradient. */
import { describe, expect, it } from 'vitest';
import type { StageSettings } from '../../src/base/config/configs';
import { LOSS_SHAPES, type LossType } from '../../src/base/config/policyGradient';
import { int32 } from '../../src/engine/tensors/raw';
import { tf } from '../../src/engine/tensors/tensorflow';
import { groupAdvantages } from '../../src/method/algorithms/advantages';
import { grpo } from '../../src/method/algorithms/grpo';
import { profileDefaults } from '../../src/method/algorithms/settings';
import { lossFunction } from '../../src/method/losses/spec';
import { tokenWeights } from '../../src/method/train/batch';
import { expectClose, largest, readReference } from './reference';

interface Case {
  name: string;
  beta: number;
  epsilon_low: number;
  epsilon_high: number;
  delta: number | null;
  use_bias_correction_kl: boolean;
  top_entropy_quantile: number;
  loss: number;
  gradient: number[][];
}

const reference = readReference<{
  logprobs: number[][];
  old_logprobs: number[][];
  reference_logprobs: number[][];
  mask: number[][];
  advantages: number[];
  entropies: number[][];
  constants: Record<string, number>;
  cases: Case[];
  reward_scaling: Record<'rewards' | 'second' | 'group' | 'batch' | 'none' | 'normalize_then_sum', number[][]> & {
    weights: number[];
  };
}>('policy_gradient.json');

const lengths = reference.mask.map((row) => row.reduce((sum, x) => sum + x, 0));
/** The counted tokens of a padded array, sequence by sequence. */
const counted = (rows: readonly (readonly number[])[]): number[][] => rows.map((row, i) => row.slice(0, lengths[i]));

/** The rest of the probability is shared by two more entries. */
const OTHERS = [0.3, 0.7];
const probabilities = (logprob: number): number[] => [
  Math.exp(logprob),
  ...OTHERS.map((part) => -Math.expm1(logprob) * part),
];
const logitsOf = (rows: readonly number[][], temperature: number): number[][] =>
  counted(rows)
    .flat()
    .map((logprob) => probabilities(logprob).map((p) => temperature * Math.log(p)));

function settingsOf(row: Case, temperature: number): StageSettings {
  const loss_type = row.name.replace(/-.*/, '') as LossType;
  const { stage2 } = profileDefaults('paper', 'grpo');
  const { max_completion_length: max_tokens = 0, ...constants } = reference.constants;
  return {
    ...stage2,
    loss_aggregation: LOSS_SHAPES[loss_type].aggregation,
    sampling: { ...stage2.sampling, temperature, max_tokens },
    grpo: {
      ...stage2.grpo,
      ...constants,
      loss_type,
      epsilon: row.epsilon_low,
      epsilon_high: row.epsilon_high,
      delta: row.delta ?? 0,
      kl_coef: row.beta,
      kl_bias_correction: row.use_bias_correction_kl,
      top_entropy_quantile: row.top_entropy_quantile,
    },
  };
}

/** A later update of the batch: it was drawn with the old log-probabilities, and is read with the current ones. */
async function lossOf(row: Case, temperature: number): Promise<{ loss: number; gradient: number[] }> {
  const settings = settingsOf(row, temperature);
  const algorithm = grpo(settings, []);
  const old = counted(reference.old_logprobs);
  const batch = old.map((logprob, i) => ({
    questionId: 'q',
    sample: i,
    promptTokens: [1],
    studentPrompt: [1],
    completionTokens: logprob.map(() => 0),
    logprobs: [],
    author: 'student' as const,
    samplingLogprobs: [],
    text: '',
    finishReason: 'stop' as const,
    seed: 0,
    studentText: '',
    assessment: { advantage: reference.advantages[i] },
    first: { logprob },
  }));
  const [logprobs, entropy] = [counted(reference.logprobs), counted(reference.entropies)];
  const scores = batch.map((_, i) => ({ logprobs: logprobs[i] ?? [], entropy: entropy[i] ?? [] }));
  const signals = (await algorithm.signals?.(batch, async () => scores, 1)) ?? [];
  const [weights] = tokenWeights([batch], settings.loss_aggregation, settings.sampling.max_tokens);
  return tf.tidy(() => {
    const names = Object.keys(signals[0] ?? {});
    const { values, gradient } = lossFunction(algorithm.loss)(tf.tensor2d(logitsOf(reference.logprobs, temperature)), {
      targets: int32(batch.flatMap(({ completionTokens }) => completionTokens)),
      teacherLogits: tf.tensor2d(logitsOf(reference.reference_logprobs, temperature)),
      signals: Object.fromEntries(names.map((name) => [name, tf.tensor1d(signals.flatMap((own) => own[name] ?? []))])),
    });
    const each = tf.tensor1d(weights ?? new Float32Array());
    return {
      loss: tf.sum(tf.mul(values, each)).dataSync()[0],
      gradient: [...tf.mul(gradient, tf.expandDims(each, 1)).dataSync()],
    } as never;
  }) as { loss: number; gradient: number[] };
}

describe('the policy gradient', () => {
  it.each(reference.cases.map((row) => [row.name, row] as const))('agrees with TRL: %s', async (_, row) => {
    const slopes = counted(row.gradient).flat();
    const logprobs = counted(reference.logprobs).flat();
    for (const temperature of [1, 1.3]) {
      const { loss, gradient } = await lossOf(row, temperature);
      expectClose([loss], [row.loss], { tolerance: 1e-5 * Math.abs(row.loss), where: `loss at ${temperature}` });
      // Through the softmax: s (1[j = target] - P_j) / temperature.
      const expected = slopes.flatMap((slope, t) =>
        probabilities(logprobs[t] as number).map((p, j) => (slope * ((j === 0 ? 1 : 0) - p)) / temperature),
      );
      expectClose(gradient, expected, { tolerance: 1e-5 * largest(expected), where: `gradient at ${temperature}` });
    }
  });

  it('is tested in every loss type', () => {
    const tested = new Set(reference.cases.map(({ name }) => name.replace(/-.*/, '')));
    expect([...tested].sort()).toEqual(Object.keys(LOSS_SHAPES).sort());
  });
});

describe('advantages', () => {
  const { rewards, second, weights, ...expected } = reference.reward_scaling;
  const same = (actual: readonly (readonly number[])[], wanted: number[][], where: string): void =>
    expectClose(actual.flat(), wanted.flat(), { tolerance: 1e-5 * largest(wanted.flat()), where });

  it.each(['group', 'batch', 'none'] as const)('agree with TRL scaled by %s', (scale_rewards) => {
    const groups = rewards.map((group) => group.map((reward) => [reward]));
    const found = groupAdvantages(groups, [1], { scale_rewards, multi_objective_aggregation: 'sum_then_normalize' });
    same(found.advantages, expected[scale_rewards], scale_rewards);
    expect(found.rewards).toEqual(rewards);
  });

  it('agree with TRL where each reward is normalised before the sum', () => {
    const groups = rewards.map((group, g) => group.map((reward, i) => [reward, second[g]?.[i] as number]));
    const options = { scale_rewards: 'group', multi_objective_aggregation: 'normalize_then_sum' } as const;
    same(groupAdvantages(groups, weights, options).advantages, expected.normalize_then_sum, 'both');
  });

  it('leave out of means and spreads what no reward could score', () => {
    const options = { scale_rewards: 'group', multi_objective_aggregation: 'sum_then_normalize' } as const;
    const with3 = groupAdvantages(
      [
        [
          [1, null],
          [0, 2],
          [null, null],
          [null, 1],
        ],
      ],
      [1, 0.5],
      options,
    );
    expect(with3.rewards).toEqual([[1, 1, null, 0.5]]);
    const [a, b, unknown, c] = with3.advantages[0] as number[];
    expect([a, unknown]).toEqual([b, 0]);
    expectClose([(a as number) * 2 + (c as number)], [0], { tolerance: 1e-12, where: 'mean' });
  });

  it.each(['sum_then_normalize', 'normalize_then_sum'] as const)('say which groups have no spread: %s', (way) => {
    const groups = [
      [[0.5], [0.5]],
      [[0], [1]],
      [[null], [1]],
    ];
    const found = groupAdvantages(groups, [1], { scale_rewards: 'group', multi_objective_aggregation: way });
    expect(found.flat).toEqual([true, false, true]);
  });
});
