/**
 * How the answers of a score were decoded. A score says little without it: one model can answer half of the questions
 * right at temperature 1 and two thirds of them greedily.
 */

/** How answers were drawn, and how many to a question. */
export interface Decoding {
  /** 0 takes the most likely token (greedy). */
  readonly temperature: number;
  readonly top_p: number;
  /** Absent where all tokens could be drawn. */
  readonly top_k?: number;
  readonly samples: number;
}

/** The decoding of sampling settings. */
export const decodingOf = ({
  temperature,
  top_p,
  top_k,
  samples,
}: Omit<Decoding, 'top_k'> & { readonly top_k: number }): Decoding => ({
  temperature,
  top_p,
  ...(top_k > 0 && { top_k }),
  samples,
});

/** The decoding that a record names; undefined for one that does not say how its answers were drawn. */
export function decodingIn(record: unknown): Decoding | undefined {
  const { temperature, top_p, top_k, samples } = (record ?? {}) as Partial<Decoding>;
  const known = [temperature, top_p, samples].every((value) => typeof value === 'number');
  return known ? decodingOf({ ...(record as Decoding), top_k: top_k ?? 0 }) : undefined;
}

/** `greedy`, or `T=1, top_p 0.95`: how the answers were drawn, without their number. */
export function samplingText(decoding: Decoding | undefined): string {
  if (!decoding) return 'decoding not recorded';
  const { temperature, top_p, top_k } = decoding;
  if (temperature === 0) return 'greedy';
  return `T=${temperature}, top_p ${top_p}${top_k === undefined ? '' : `, top_k ${top_k}`}`;
}

/** A decoding in words: `greedy`, or `T=1, top_p 0.95, 2 samples`. Stands beside every score. */
export function decodingText(decoding: Decoding | undefined): string {
  if (!decoding || decoding.temperature === 0) return samplingText(decoding);
  return `${samplingText(decoding)}, ${decoding.samples} ${decoding.samples === 1 ? 'sample' : 'samples'}`;
}

/** The decodings of several scores in words, each once. */
export const decodingsText = (decodings: readonly (Decoding | undefined)[]): string =>
  [...new Set(decodings.map(decodingText))].join('; ');

/** A decoding as one word, by which a row of a ladder is named: `greedy`, `t0.5`, `t1`. */
export const decodingName = ({ temperature }: Pick<Decoding, 'temperature'>): string =>
  temperature === 0 ? 'greedy' : `t${temperature}`;
