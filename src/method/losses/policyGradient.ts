/**
 * Policy gradients of the GRPO family in closed form (the loss types of TRL's GRPOTrainer). With lp a token's
 * log-probability at the sampling temperature, old the one it was drawn with, A its advantage and r = exp(lp - old):
 *   clip   -min(min(r, delta) A, clamp(r, 1 - epsilon, 1 + epsilon_high) A)     cispo  -[min(r, epsilon_high)] A lp
 *   sapo   -4/t sigmoid(t (r - 1)) A, t by the sign of A                        vespo  -[exp(l + k log w - l w)] A lp
 * where [..] is held constant, and k and l depend on the sign of A. The KL to a reference is k3: e^d - d - 1 with d =
 * reference - lp, multiplied by r where its bias is corrected. With s = d loss / d lp, the gradient in logit j is s
 * (1[j = target] - P_j) / temperature.
 *
 * The ratio of a whole sequence is passed in as the signal `log_ratio`: the mean of lp - old over the sequence, or its
 * sum for vespo. The mean's gradient in one token, times the number of tokens, equals the gradient of that token's own
 * ratio; equal weights within a sequence therefore give the gradient of the sequence's ratio.
 */
import type { LossTypeShape, PolicyGradientSettings } from '../../base/config/policyGradient';
import { type Tensor, tf } from '../../engine/tensors/tensorflow';
import { logSoftmax, surpriseOf } from './distributions';
import type { LogitLoss, TokenLoss } from './tokenLoss';

export interface PolicyGradientSpec extends Omit<PolicyGradientSettings, 'loss_type'> {
  readonly kind: 'policy_gradient';
  readonly objective: LossTypeShape['objective'];
  /** Temperature of the distribution whose log-probabilities are compared. */
  readonly temperature: number;
}

/** Loss values [N] and their derivatives with respect to the log-probability (or to the logarithm of the ratio). */
interface Surrogate {
  readonly values: Tensor;
  readonly slope: Tensor;
  readonly metrics: Readonly<Record<string, Tensor>>;
}

interface Policy {
  readonly logprob: Tensor;
  readonly logRatio: Tensor;
  readonly ratio: Tensor;
  readonly advantage: Tensor;
}

/** Log-ratios are clipped at this size, so that exp stays within float32. */
const LARGEST_LOG_RATIO = 20;

const between = (x: Tensor, low: number, high: number): Tensor =>
  tf.logicalAnd(tf.greaterEqual(x, low), tf.lessEqual(x, high));

function clipped({ ratio, advantage }: Policy, { epsilon, epsilon_high: high, delta }: PolicyGradientSpec): Surrogate {
  const capped = delta > 0 ? tf.minimum(ratio, delta) : ratio;
  const free = tf.mul(capped, advantage);
  const held = tf.mul(tf.clipByValue(ratio, 1 - epsilon, 1 + high), advantage);
  const first = tf.lessEqual(free, held);
  const moves = tf.where(
    first,
    tf.cast(delta > 0 ? tf.lessEqual(ratio, delta) : tf.onesLike(ratio), 'float32'),
    tf.cast(between(ratio, 1 - epsilon, 1 + high), 'float32'),
  );
  const low = tf.logicalAnd(tf.less(capped, 1 - epsilon), tf.less(advantage, 0));
  const above = tf.logicalAnd(tf.greater(capped, 1 + high), tf.greater(advantage, 0));
  return {
    values: tf.neg(tf.minimum(free, held)),
    slope: tf.neg(tf.mul(tf.mul(moves, ratio), advantage)),
    metrics: { clip_low: low, clip_high: above, clip_region: tf.logicalOr(low, above) },
  };
}

/** The loss -weight A lp, with the weight held constant. */
function weighted({ advantage, logprob }: Policy, weight: Tensor): Omit<Surrogate, 'metrics'> {
  const slope = tf.neg(tf.mul(weight, advantage));
  return { values: tf.mul(slope, logprob), slope };
}

function cispo(policy: Policy, { epsilon_high: high }: PolicyGradientSpec): Surrogate {
  const over = tf.logicalAnd(tf.greater(policy.ratio, high), tf.greater(policy.advantage, 0));
  return { ...weighted(policy, tf.minimum(policy.ratio, high)), metrics: { clip_cispo: over } };
}

/** Per token: `above` for positive advantages, `below` for the others. */
const bySign = (positive: Tensor, above: number, below: number): Tensor =>
  tf.add(tf.mul(tf.cast(positive, 'float32'), above - below), below);

function sapo({ ratio, advantage }: Policy, spec: PolicyGradientSpec): Surrogate {
  const t = bySign(tf.greater(advantage, 0), spec.sapo_temperature_pos, spec.sapo_temperature_neg);
  const gate = tf.sigmoid(tf.mul(t, tf.sub(ratio, 1)));
  return {
    values: tf.neg(tf.mul(tf.div(tf.mul(gate, 4), t), advantage)),
    slope: tf.neg(tf.mul(tf.mul(tf.mul(tf.mul(gate, tf.sub(1, gate)), 4), ratio), advantage)),
    metrics: {},
  };
}

function vespo(policy: Policy, spec: PolicyGradientSpec): Surrogate {
  const positive = tf.greaterEqual(policy.advantage, 0);
  const k = bySign(positive, spec.vespo_k_pos, spec.vespo_k_neg);
  const lambda = bySign(positive, spec.vespo_lambda_pos, spec.vespo_lambda_neg);
  const logPhi = tf.add(lambda, tf.sub(tf.mul(k, policy.logRatio), tf.mul(lambda, policy.ratio)));
  const phi = tf.exp(logPhi);
  return { ...weighted(policy, phi), metrics: { vespo_phi: phi } };
}

const OBJECTIVES = { clip: clipped, cispo, sapo, vespo } as const;

/** k3 and its derivative in lp; a given `ratio` corrects its bias. */
function divergenceTo(reference: Tensor, logprob: Tensor, ratio: Tensor | undefined): { kl: Tensor; slope: Tensor } {
  const d = tf.sub(reference, logprob);
  const grown = tf.exp(d);
  const kl = tf.sub(tf.sub(grown, d), 1);
  const slope = tf.sub(1, grown);
  return ratio ? { kl: tf.mul(kl, ratio), slope: tf.mul(tf.add(kl, slope), ratio) } : { kl, slope };
}

/** -bonus H, and its gradient in the logits: bonus P_j (log P_j + H) / temperature. */
function entropyBonus(
  { z, entropy, bonus }: { readonly z: Tensor; readonly entropy: Tensor; readonly bonus: Tensor },
  { temperature }: PolicyGradientSpec,
): TokenLoss['added'] {
  const logP = logSoftmax(z);
  const slope = tf.mul(tf.exp(logP), tf.add(logP, tf.expandDims(entropy, 1)));
  return {
    values: tf.neg(tf.mul(bonus, entropy)),
    gradient: tf.mul(slope, tf.expandDims(tf.div(bonus, temperature), 1)),
  };
}

/**
 * Policy gradient per token. Signals, [N] each: `advantage`; `old_logprob` (absent at a batch's first update, whose
 * ratio is 1); `log_ratio` (see above); `keep`, a factor on the policy's part of the loss;
 * `entropy_bonus`, a weight of the entropy beside all others; `sampler_ratio` and `sampler_gap`, which are recorded. Where `kl_coef` is above 0,
 * the teacher's logits are those of the reference. Metrics: `logprob` at the loss's temperature, `entropy`, `kl`, and
 * which tokens the objective clipped. @internal
 */
export function policyGradient(spec: PolicyGradientSpec): LogitLoss {
  return (studentLogits, { targets, teacherLogits, signals = {} }) => {
    const { advantage, old_logprob: old, log_ratio: given, keep } = signals;
    if (!advantage) throw new Error('the policy gradient needs advantages');
    const atTemperature = (x: Tensor): Tensor => (spec.temperature === 1 ? x : tf.div(x, spec.temperature));
    const z = atTemperature(studentLogits);
    const { surprise, gradient: direction, entropy } = surpriseOf(z, targets);
    const logprob = tf.neg(surprise);
    const logRatio = tf.clipByValue(
      given ?? (old ? tf.sub(logprob, old) : tf.zerosLike(logprob)),
      -LARGEST_LOG_RATIO,
      LARGEST_LOG_RATIO,
    );
    const ratio = tf.exp(logRatio);
    const policy = OBJECTIVES[spec.objective]({ logprob, logRatio, ratio, advantage }, spec);
    const kept = (x: Tensor): Tensor => (keep ? tf.mul(x, keep) : x);
    let [values, slope] = [kept(policy.values), kept(policy.slope)];
    const metrics: Record<string, Tensor> = { logprob, entropy, ...policy.metrics };
    if (spec.kl_coef > 0) {
      if (!teacherLogits) throw new Error('the KL needs a reference');
      const reference = tf.neg(surpriseOf(atTemperature(teacherLogits), targets).surprise) as Tensor;
      const { kl, slope: own } = divergenceTo(reference, logprob, spec.kl_bias_correction ? ratio : undefined);
      values = tf.add(values, tf.mul(kl, spec.kl_coef));
      slope = tf.add(slope, tf.mul(own, spec.kl_coef));
      metrics.kl = kl;
    }
    const { entropy_bonus: bonus, sampler_ratio, sampler_gap } = signals;
    const gradient = tf.mul(direction, tf.expandDims(tf.div(slope, -spec.temperature), 1));
    return {
      values,
      gradient,
      ...(bonus && { added: entropyBonus({ z, entropy, bonus }, spec) }),
      metrics: { ...metrics, ...(sampler_ratio && { sampler_ratio }), ...(sampler_gap && { sampler_gap }) },
    };
  };
}
