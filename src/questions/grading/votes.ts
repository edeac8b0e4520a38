/** Groups answers that say the same, for majority votes. */

/** One group of answers that say the same: the places at which they stand, in order. */
export type Group = readonly number[];

const equal = (a: string, b: string): boolean => a === b;

/**
 * The groups of answers, the largest first and of equals the first seen; places of null are in none. What says the same as one member of a
 * group belongs to it, so the order of the answers does not decide who votes together. Every two spellings are compared once at most.
 */
export function groupAnswers(
  answers: readonly (string | null)[],
  same: (a: string, b: string) => boolean = equal,
): readonly Group[] {
  const spelled = new Map<string, number[]>();
  answers.forEach((answer, i) => {
    if (answer !== null) spelled.set(answer, [...(spelled.get(answer) ?? []), i]);
  });
  let groups: { readonly texts: readonly string[]; readonly places: readonly number[] }[] = [];
  for (const [text, places] of spelled) {
    const [joined, others] = [
      groups.filter(({ texts }) => texts.some((other) => same(other, text))),
      [] as typeof groups,
    ];
    for (const group of groups) if (!joined.includes(group)) others.push(group);
    const all = {
      texts: [...joined.flatMap(({ texts }) => texts), text],
      places: [...joined.flatMap((group) => group.places), ...places],
    };
    groups = [...others, all];
  }
  return groups
    .map((group) => [...group.places].sort((a, b) => a - b))
    .sort((a, b) => b.length - a.length || (a[0] as number) - (b[0] as number));
}
