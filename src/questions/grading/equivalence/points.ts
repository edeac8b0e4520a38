/** Values that take the place of letters where two expressions are compared. */

import type { Complex } from './complex';
import * as C from './complex';
import type { Expression } from './expression';

/** Of both signs, near and far from zero, and with no simple relation between them. */
const POINTS: readonly number[] = [0.7312, 1.9137, 5.6181, -0.8467, -1.7321, 11.3119, -2.3719, 0.1479, 3.2207, 2.4453];
const ROUNDS = 6;

type Point = ReadonlyMap<string, Complex>;

/** The points at which the letters are set; whole numbers for what is defined at them only. */
export function pointsOf(letters: ReadonlySet<string>, whole: boolean): readonly Point[] {
  const names = [...letters].sort();
  const at = (i: number, round: number): number => {
    // Rising and falling, so that the larger of two letters is also once the other.
    if (whole) return 2 + Math.floor(round / 2) + 3 * (round % 2 === 0 ? i : names.length - 1 - i);
    return (POINTS[(round + i * 3) % POINTS.length] as number) + 0.01 * i * round;
  };
  return Array.from(
    { length: names.length === 0 ? 1 : ROUNDS },
    (_, round) => new Map(names.map((name, i) => [name, C.real(at(i, round))])),
  );
}

/** Both values at each of the points, one after the other; without those where one of them is not a number. */
export function* valuesAt(a: Expression, b: Expression): Generator<readonly [Complex, Complex]> {
  const letters = new Set([...a.letters, ...b.letters]);
  for (const at of pointsOf(letters, a.discrete || b.discrete)) {
    const pair = [a.value(at), b.value(at)] as const;
    if (pair.every(C.isFiniteNumber)) yield pair;
  }
}
