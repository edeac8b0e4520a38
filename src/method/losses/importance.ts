/**
 * Weights for tokens that another engine or number format drew than the one that learns (truncated importance sampling: Ionides 2008; Yao
 * et al. 2025, "Your Efficient RL Framework Secretly Brings You Off-Policy RL Training"). With pi the policy's probability of a drawn
 * token and mu that under which it was drawn, both with temperature and filters,
 *   w = min(exp(delta), c),  delta = log pi - log mu
 * multiplies the token's part of any loss, and is held constant. The cap c bounds what one token can weigh. A token that the policy's
 * filters leave out (pi = 0) does not count: it is masked, and so leaves the denominator of a mean over tokens. The weights of the
 * others stay out of it: a mean of w f over the tokens drawn from mu estimates the mean of f over tokens drawn from pi.
 */

/** The weight of each token; delta is minus infinity where the policy's filters leave the token out. */
export const importanceWeights = (deltas: readonly number[], cap: number): number[] =>
  deltas.map((delta) => Math.min(Math.exp(delta), cap));
