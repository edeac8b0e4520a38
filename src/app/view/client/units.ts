/** The units of the metrics of a step. */

const UNITS: readonly (readonly [RegExp, string])[] = [
  [/^(loss|divergence\/|entropy$|teacher\/entropy$|kl$)/, 'nats a token'],
  [/^seconds\//, 'seconds'],
  [/^completions\/mean_length$|^num_tokens$/, 'tokens'],
  [/fraction$|ratio|^teacher\/(agreement|retained_mass)$|^completions\/leakage$|^frac_|^cripo\//, 'share'],
  [/^graphs\//, 'count'],
];

/** The unit of a metric, empty for one that has none. */
export const unitOf = (metric: string): string => UNITS.find(([pattern]) => pattern.test(metric))?.[1] ?? '';
