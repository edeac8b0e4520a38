/** The GRPO family against TRL's GRPOTrainer: from log-probabilities and advantages to the batch's loss and its gradient. */
import { describe, expect, it } from 'vitest';
import type { GrpoSettings, StageSettings } from '../../src/base/config/configs';
import { LOSS_SHAPES, type LossType } from '../../src/base/config/policyGradient';
import { valueAndGradients } from '../../src/engine/tensors/gradients';
import { int32 } from '../../src/engine/tensors/raw';
import { type Tensor, tf } from '../../src/engine/tensors/tensorflow';
import { groupAdvantages } from '../../src/method/algorithms/advantages';
import type { TrainingRollout } from '../../src/method/algorithms/algorithm';
import { grpo } from '../../src/method/algorithms/grpo';
import { profileDefaults } from '../../src/method/algorithms/settings';
import { lossFunction } from '../../src/method/losses/spec';
import { overVocabulary } from '../../src/method/losses/tokenLoss';
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
  importance_sampling_level: 'token' | 'sequence';
  off_policy_mask_threshold: number | null;
  vllm_importance_sampling_mode: Exclude<GrpoSettings['sampler_correction'], 'none'> | null;
  negated: boolean;
  /** The trainer's metric vespo/phi_seq_mean. */
  phi: number[];
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
  sampler_logprobs: (number | null)[][];
  sampler_limits: [number, number];
  entropy_bonus: {
    quantile: number;
    entropy_coef: number;
    entropies: number[][];
    loss: number;
    gradient: number[][][];
  }[];
  cases: Case[];
  reward_scaling: Record<'rewards' | 'second' | 'group' | 'batch' | 'none' | 'normalize_then_sum', number[][]> & {
    weights: number[];
  };
}>('policy_gradient.json');

const lengths = reference.mask.map((row) => row.reduce((sum, x) => sum + x, 0));
/** The counted tokens of a padded array, sequence by sequence. */
const counted = <X>(rows: readonly (readonly X[])[]): X[][] => rows.map((row, i) => row.slice(0, lengths[i]));

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
      importance_sampling_level: /-(token|sequence)$/.test(row.name) ? row.importance_sampling_level : 'loss_type',
      off_policy_mask_threshold: row.off_policy_mask_threshold ?? 0,
      sampler_correction: row.vllm_importance_sampling_mode ?? 'none',
      sampler_min: reference.sampler_limits[0],
      sampler_max: reference.sampler_limits[1],
    },
  };
}

/** The mean over sequences of what is the same at each of a sequence's tokens. */
function sequenceMean(values: ArrayLike<number>): number {
  const starts = lengths.map((_, i) => lengths.slice(0, i).reduce((sum, x) => sum + x, 0));
  return starts.reduce((sum, start) => sum + (values[start] ?? 0), 0) / starts.length;
}

/** A completion with the advantage of its place. */
const drawnAs = (logprobs: readonly number[], i: number): TrainingRollout => ({
  questionId: 'q',
  sample: i,
  promptTokens: [1],
  studentPrompt: [1],
  completionTokens: logprobs.map(() => 0),
  logprobs: [],
  author: 'student',
  samplingLogprobs: (counted(reference.sampler_logprobs)[i] ?? []).map((x) => x ?? Number.NaN),
  text: '',
  finishReason: 'stop',
  seed: 0,
  studentText: '',
  assessment: { advantage: reference.advantages[i] },
});

/** A later update of the batch: it was drawn with the old log-probabilities, and is read with the current ones. */
async function lossOf(row: Case, temperature: number): Promise<{ loss: number; gradient: number[]; phi: number }> {
  const settings = settingsOf(row, temperature);
  const algorithm = grpo(settings, []);
  const old = counted(reference.old_logprobs);
  const batch = old.map((logprob, i) => ({
    ...drawnAs(logprob, i),
    first: { logprob },
    assessment: { advantage: (row.negated ? -1 : 1) * (reference.advantages[i] as number) },
  }));
  const [logprobs, entropy] = [counted(reference.logprobs), counted(reference.entropies)];
  const scores = batch.map((_, i) => ({ logprobs: logprobs[i] ?? [], entropy: entropy[i] ?? [] }));
  const signals =
    (await algorithm.signals?.(batch, { score: async () => scores, compare: async () => [], updates: 1 })) ?? [];
  const [weights] = tokenWeights([batch], settings.loss_aggregation, settings.sampling.max_tokens);
  return tf.tidy(() => {
    const names = Object.keys(signals[0] ?? {});
    const { values, gradient, metrics } = lossFunction(algorithm.loss)(
      tf.tensor2d(logitsOf(reference.logprobs, temperature)),
      {
        targets: int32(batch.flatMap(({ completionTokens }) => completionTokens)),
        teacherLogits: tf.tensor2d(logitsOf(reference.reference_logprobs, temperature)),
        signals: Object.fromEntries(
          names.map((name) => [name, tf.tensor1d(signals.flatMap((own) => own[name] ?? []))]),
        ),
      },
    );
    const each = tf.tensor1d(weights ?? new Float32Array());
    return {
      loss: tf.sum(tf.mul(values, each)).dataSync()[0],
      gradient: [...tf.mul(gradient, tf.expandDims(each, 1)).dataSync()],
      phi: sequenceMean(metrics.vespo_phi?.dataSync() ?? []),
    } as never;
  }) as { loss: number; gradient: number[]; phi: number };
}

describe('the policy gradient', () => {
  it.each(reference.cases.map((row) => [row.name, row] as const))('agrees with TRL: %s', async (_, row) => {
    const slopes = counted(row.gradient).flat();
    const logprobs = counted(reference.logprobs).flat();
    for (const temperature of [1, 1.3]) {
      const { loss, gradient, phi } = await lossOf(row, temperature);
      if (row.phi.length > 0) expectClose([phi], row.phi, { tolerance: 1e-5, where: 'phi' });
      expectClose([loss], [row.loss], { tolerance: 1e-5 * Math.abs(row.loss), where: `loss at ${temperature}` });
      // Through the softmax: s (1[j = target] - P_j) / temperature.
      const expected = slopes.flatMap((slope, t) =>
        probabilities(logprobs[t] as number).map((p, j) => (slope * ((j === 0 ? 1 : 0) - p)) / temperature),
      );
      expectClose(gradient, expected, { tolerance: 1e-5 * largest(expected), where: `gradient at ${temperature}` });
    }
  });

  it.each(reference.entropy_bonus.map((row) => [row.quantile, row] as const))(
    'agrees with TRL with an entropy bonus over the share %f of tokens',
    async (quantile, row) => {
      const settings = settingsOf({ ...reference.cases[0], name: 'dapo', epsilon_high: 0.28 } as Case, 1);
      const grpoSettings = { ...settings.grpo, entropy_coef: row.entropy_coef, top_entropy_quantile: quantile };
      const algorithm = grpo({ ...settings, loss_aggregation: 'batch-token', grpo: grpoSettings }, []);
      const logprobs = counted(reference.logprobs);
      const batch = logprobs.map((own, i) => drawnAs(own, i));
      const entropies = counted(row.entropies);
      const score = async () => logprobs.map((own, i) => ({ logprobs: own, entropy: entropies[i] ?? [] }));
      const signals = (await algorithm.signals?.(batch, { score, compare: async () => [], updates: 0 })) ?? [];
      const [weights] = tokenWeights([batch], 'batch-token', 1);
      // Through the vocabulary's chunks, where the bonus meets the weights: identity for a head makes hidden states logits.
      const found = tf.tidy(() => {
        const hidden = tf.tensor2d(logitsOf(reference.logprobs, 1));
        const names = Object.keys(signals[0] ?? {});
        const inputs = {
          targets: int32(batch.flatMap(({ completionTokens }) => completionTokens)),
          weights: tf.tensor1d(weights ?? new Float32Array()),
          signals: Object.fromEntries(
            names.map((name) => [name, tf.tensor1d(signals.flatMap((own) => own[name] ?? []))]),
          ),
        };
        const { loss, gradients } = valueAndGradients(
          ({ x }) => {
            const readOut = { hidden: x as Tensor, head: tf.eye(3) };
            const whole = overVocabulary(readOut, inputs, { loss: lossFunction(algorithm.loss), chunk: 7 });
            return { loss: whole.loss, aux: {} };
          },
          { x: hidden },
        );
        return { loss: loss.dataSync()[0], gradient: [...(gradients.x as Tensor).dataSync()] } as never;
      }) as { loss: number; gradient: number[] };
      expectClose([found.loss], [row.loss], { tolerance: 1e-5 * Math.abs(row.loss), where: 'loss' });
      const expected = counted(row.gradient).flat(2);
      expectClose(found.gradient, expected, { tolerance: 1e-5 * largest(expected), where: 'gradient' });
    },
  );

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
