/** A prediction of the study of reach, and the numbers that several of them ask the rows for. */
import { LEVEL_NAMES, meanOf, type Reach } from './measured';

/** Numbers that decide, by what they are, and whether the prediction holds for them. */
export interface Outcome {
  readonly numbers: Readonly<Record<string, number | undefined>>;
  readonly holds: (numbers: Readonly<Record<string, number>>) => boolean;
}

/** A numbered prediction. */
export interface Prediction {
  readonly id: string;
  readonly claim: string;
  readonly refutedBy: string;
  readonly outcome: (reach: Reach) => Outcome;
}

/** The rarest level: rules that the corpus never uses untold. */
export const NEVER = '0';
/** The levels at which greedy decoding finds the mistake untold. */
export const RARE: readonly string[] = LEVEL_NAMES.slice(0, 7);
export const LOW: readonly string[] = ['0.001', '0.003', '0.01'];

export const at = (numbers: Readonly<Record<string, number>>, name: string): number => numbers[name] as number;

/** The share of each label at a level. */
export const across = (reach: Reach, labels: readonly string[], level: string): Outcome['numbers'] =>
  Object.fromEntries(labels.map((label) => [label, reach.greedy(label, level)]));

/** The mean share of a label over levels. */
export const over = (reach: Reach, label: string, levels: readonly string[]): number | undefined =>
  meanOf(levels.map((level) => reach.greedy(label, level)));

/** The mean distance of two labels over levels. */
export const apart = (reach: Reach, [a, b]: readonly [string, string], levels: readonly string[]): number | undefined =>
  meanOf(
    levels.map((level) => {
      const [x, y] = [reach.greedy(a, level), reach.greedy(b, level)];
      return x === undefined || y === undefined ? undefined : Math.abs(x - y);
    }),
  );
