/** How often a stage draws from each of several data sets. */

/** Data sets with the weight of each, in the same order, and which of them each question (by its id) comes from. */
export interface Mixture {
  readonly sets: readonly string[];
  readonly weights: readonly number[];
  readonly origins: ReadonlyMap<string, string>;
}

/** One draw: from which set, by its place in the mixture, and how many draws that set had before. */
export interface Turn {
  readonly set: number;
  readonly before: number;
}

/**
 * The sets of the first `count` draws. Each goes to the set that is furthest behind its share, so that after any number of draws, and
 * so in every batch, the sets have their shares but for less than a question or two; a number drawn at random would scatter around them.
 */
export function turns(weights: readonly number[], count: number): Turn[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const drawn = weights.map(() => 0);
  return Array.from({ length: count }, (_, n) => {
    const behind = weights.map((weight, i) => (weight / total) * (n + 1) - (drawn[i] as number));
    const set = behind.indexOf(Math.max(...behind));
    const before = drawn[set] as number;
    drawn[set] = before + 1;
    return { set, before };
  });
}

/** How many of the first `count` draws each set has. */
export function drawsOfSets(weights: readonly number[], count: number): number[] {
  const drawn = weights.map(() => 0);
  for (const { set, before } of turns(weights, count)) drawn[set] = before + 1;
  return drawn;
}
