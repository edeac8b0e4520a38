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

/** Mean of what is known; null where nothing is. */
export function meanOf(values: readonly (number | null)[]): number | null {
  const numbers = known(values);
  return numbers.length === 0 ? null : numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
}

/** Standard deviation with n - 1 of what is known; 0 for a single number, null where nothing is known. */
export function spreadOf(values: readonly (number | null)[]): number | null {
  const numbers = known(values);
  const mean = meanOf(numbers);
  if (mean === null) return null;
  const squares = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0);
  return numbers.length < 2 ? 0 : Math.sqrt(squares / (numbers.length - 1));
}

/** Whether a group's values have no spread; one of which nothing is known has none either. */
const isFlat = (values: readonly (number | null)[]): boolean => (spreadOf(values) ?? 0) <= NO_SPREAD;

/** Weighted sum of a completion's rewards, null where none is known. */
function weightedSum(row: RewardRow, weights: readonly number[]): number | null {
  if (known(row).length === 0) return null;
  return row.reduce<number>((sum, value, f) => sum + (value ?? 0) * (weights[f] as number), 0);
}

/** (values - mean) / (spread + 1e-4); what is not known stays null. Mean and spread are null only where nothing is known. */
function standardized(
  values: readonly (number | null)[],
  { mean, spread }: { readonly mean: number | null; readonly spread: number | null },
): (number | null)[] {
  return values.map((value) =>
    value === null || mean === null || spread === null ? null : (value - mean) / (spread + EPSILON),
  );
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
        return standardized(column, { mean: meanOf(column), spread: spreadOf(column) });
      });
      return group.map((_, i) =>
        weightedSum(
          columns.map((column) => column[i] ?? null),
          weights,
        ),
      );
    });
    const all = { mean: meanOf(sums.flat()), spread: spreadOf(sums.flat()) };
    const advantages = sums.map((group) => standardized(group, all));
    return { advantages: zeroFilled(advantages), rewards, flat: sums.map(isFlat) };
  }
  const batch = spreadOf(rewards.flat());
  const scaled = rewards.map((group) => {
    const mean = meanOf(group);
    if (scale_rewards === 'none') return group.map((x) => (x === null || mean === null ? null : x - mean));
    return standardized(group, { mean, spread: scale_rewards === 'batch' ? batch : spreadOf(group) });
  });
  return { advantages: zeroFilled(scaled), rewards, flat: rewards.map(isFlat) };
}
