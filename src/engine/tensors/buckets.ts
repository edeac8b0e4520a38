/** Rounds sizes up to a few values, to which batches are padded, so that only few graphs have to be traced. */

/** Rounds a number of rows up to 1, 2, 3, 4, 6, 8, 12, 16, 24, ... */
export function bucketRows(rows: number): number {
  let power = 1;
  while (power < rows) power *= 2;
  return power >= 4 && power * 0.75 >= rows ? power * 0.75 : power;
}

/**
 * Rounds a length up to a multiple of 32 up to 256; above that, to a multiple of an eighth of the next power of two.
 */
export function bucketLength(length: number): number {
  let step = 32;
  while (step * 8 < length) step *= 2;
  return Math.ceil(length / step) * step;
}
