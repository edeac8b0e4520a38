/** Sizes that graphs are traced for: batches are padded up to the next one, so that their number stays small. */

/** Row counts: 1, 2, 3, 4, 6, 8, 12, 16, 24, ... */
export function bucketRows(rows: number): number {
  let power = 1;
  while (power < rows) power *= 2;
  return power >= 4 && power * 0.75 >= rows ? power * 0.75 : power;
}

/** Lengths: multiples of 32 up to 256, of an eighth of the next power of two above. */
export function bucketLength(length: number): number {
  let step = 32;
  while (step * 8 < length) step *= 2;
  return Math.ceil(length / step) * step;
}
