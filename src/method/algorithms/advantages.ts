/**
 * From rewards to advantages, as TRL's GRPOTrainer (papers 4.2): (r - group mean) / (spread + 1e-4), the spread being the standard
 * deviation with n - 1 of the group, of the batch, or none. A completion that no reward could score (all null) takes no part in
 * means and spreads and gets the advantage 0.
 */
import type { GrpoSettings } from '../../base/config/configs';

/** Rewards of one completion by function; null where a function could not score it. */
export type RewardRow = readonly (number | null)[];

/** Advantages and summed rewards (null: unscorable) as groups and completions, and which groups have no spread. */
export interface Advantages {
  readonly advantages: readonly (readonly number[])[];
  readonly rewards: readonly (readonly (number | null)[])[];
  readonly flat: readonly boolean[];
}

const EPSILON = 1e-4;
/** torch.isclose to zero: what counts as no spread. */
const NO_SPREAD = 1e-8;

const known = (values: readonly (number | null)[]): number[] => values.filter((value) => value !== null);

/** Mean of what is known; 0 where nothing is. */
export function meanOf(values: readonly (number | null)[]): number {
  const numbers = known(values);
  return numbers.reduce((sum, x) => sum + x, 0) / Math.max(1, numbers.length);
}

/** Standard deviation with n - 1 of what is known; 0 for fewer than two. */
export function spreadOf(values: readonly (number | null)[]): number {
  const numbers = known(values);
  const mean = meanOf(numbers);
  const squares = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return numbers.length < 2 ? 0 : Math.sqrt(squares / (numbers.length - 1));
}

/** Weighted sum of a completion's rewards, null where none is known. */
function weightedSum(row: RewardRow, weights: readonly number[]): number | null {
  if (known(row).length === 0) return null;
  return row.reduce<number>((sum, value, f) => sum + (value ?? 0) * (weights[f] as number), 0);
}

/** (values - their mean) / (spread + 1e-4); null stays null. */
function standardized(values: readonly (number | null)[], spread: number): (number | null)[] {
  const mean = meanOf(values);
  return values.map((value) => (value === null ? null : (value - mean) / (spread + EPSILON)));
}

/** Advantages of a batch of groups; `weights` has one number a reward function. */
export function groupAdvantages(
  groups: readonly (readonly RewardRow[])[],
  weights: readonly number[],
  { scale_rewards, multi_objective_aggregation }: Pick<GrpoSettings, 'scale_rewards' | 'multi_objective_aggregation'>,
): Advantages {
  const rewards = groups.map((group) => group.map((row) => weightedSum(row, weights)));
  const zeroFilled = (all: readonly (readonly (number | null)[])[]) => all.map((group) => group.map((x) => x ?? 0));
  if (multi_objective_aggregation === 'normalize_then_sum') {
    const sums = groups.map((group) => {
      const columns = weights.map((_, f) => {
        const column = group.map((row) => row[f] ?? null);
        return standardized(column, spreadOf(column));
      });
      return group.map((_, i) =>
        weightedSum(
          columns.map((column) => column[i] ?? null),
          weights,
        ),
      );
    });
    const [mean, spread] = [meanOf(sums.flat()), spreadOf(sums.flat())];
    const advantages = sums.map((group) => group.map((x) => (x === null ? null : (x - mean) / (spread + EPSILON))));
    return { advantages: zeroFilled(advantages), rewards, flat: sums.map((group) => spreadOf(group) <= NO_SPREAD) };
  }
  const batch = spreadOf(rewards.flat());
  const scaled = rewards.map((group) => {
    const mean = meanOf(group);
    if (scale_rewards === 'none') return group.map((x) => (x === null ? null : x - mean));
    return standardized(group, scale_rewards === 'batch' ? batch : spreadOf(group));
  });
  return { advantages: zeroFilled(scaled), rewards, flat: rewards.map((group) => spreadOf(group) <= NO_SPREAD) };
}
