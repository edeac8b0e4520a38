/** Whether a number is another one, rounded to the digits that are written. */

import type { Complex } from './complex';
import * as C from './complex';

/** A decimal as it is written: the place of its last digit as a power of ten, and its significant digits. */
export interface Decimal {
  readonly last: number;
  readonly digits: number;
}

const DECIMAL =
  /^[+-]?\s*(\d*)\.(\d+)\s*(?:(?:\\times|\\cdot|\*)\s*10\s*\^\s*\{?\s*([+-]?\d+)\s*\}?|[eE]([+-]?\d+))?\s*(?:%|\\degree)?$/;

/** Reads a decimal, with or without a power of ten; undefined for whole numbers and for other texts. */
export function decimalOf(text: string): Decimal | undefined {
  const [all, whole = '', fraction = '', ten, e] = DECIMAL.exec(text.trim()) ?? [];
  if (all === undefined) return undefined;
  return { last: Number(ten ?? e ?? 0) - fraction.length, digits: `${whole}${fraction}`.replace(/^0+/, '').length };
}

/** A number as text and as the value that is written: 12.5 for `12.5 %`. */
export interface Written {
  readonly text: string;
  readonly value: Complex;
}

/** A decimal reference of fewer digits may be exact (0.5); one that is given for an exact value has to have more. */
const ROUNDED_REFERENCE = 3;
const ROUNDED_ANSWER = 6;

/** Whether the given number rounds to a decimal reference, or is a reference that is no decimal, rounded to six digits or more. */
export function agreesInDigits(given: Written, reference: Written): boolean {
  const [own, wanted] = [decimalOf(given.text), decimalOf(reference.text)];
  const digits = wanted ?? own;
  if (!digits || (wanted ? wanted.digits < ROUNDED_REFERENCE : digits.digits < ROUNDED_ANSWER)) return false;
  if (!wanted && C.isReal(reference.value) && reference.value.re.isInteger()) return false;
  return C.abs(C.sub(given.value, reference.value)).re.lte(C.real(`0.5000001e${digits.last}`).re);
}
