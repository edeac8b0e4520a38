/**
 * Arithmetic with complex numbers to as many digits as a comparison needs, on decimal.js. What is not a finite number is NaN: no overflow is
 * equal to anything.
 */
import Decimal from 'decimal.js';

/** A complex number. */
export interface Complex {
  readonly re: Decimal;
  readonly im: Decimal;
}

/** The real numbers of this module: decimal.js with a precision of its own. */
const Real = Decimal.clone({ precision: 32, rounding: Decimal.ROUND_HALF_EVEN, modulo: Decimal.ROUND_FLOOR });

/** Computes with so many significant digits. */
export function withDigits<T>(digits: number, compute: () => T): T {
  const before = Real.precision;
  Real.set({ precision: digits });
  try {
    return compute();
  } finally {
    Real.set({ precision: before });
  }
}

export const real = (value: Decimal.Value): Complex => ({ re: new Real(value), im: new Real(0) });
export const NAN: Complex = real(Number.NaN);
export const I: Complex = { re: new Real(0), im: new Real(1) };
export const pi = (): Complex => real(Real.acos(-1));
export const euler = (): Complex => real(Real.exp(1));

export const isReal = ({ im }: Complex): boolean => im.isZero();
export const isFiniteNumber = ({ re, im }: Complex): boolean => re.isFinite() && im.isFinite();
/** Whether a value is real but for the rounding of its last digits. */
export const isNearlyReal = ({ re, im }: Complex): boolean =>
  im.isZero() || im.abs().lte(re.abs().plus(1).times('1e-18'));

export const neg = ({ re, im }: Complex): Complex => ({ re: re.neg(), im: im.neg() });
export const add = (a: Complex, b: Complex): Complex => ({ re: a.re.plus(b.re), im: a.im.plus(b.im) });
export const sub = (a: Complex, b: Complex): Complex => ({ re: a.re.minus(b.re), im: a.im.minus(b.im) });

export function mul(a: Complex, b: Complex): Complex {
  if (isReal(a) && isReal(b)) return real(a.re.times(b.re));
  return {
    re: a.re.times(b.re).minus(a.im.times(b.im)),
    im: a.re.times(b.im).plus(a.im.times(b.re)),
  };
}

export function div(a: Complex, b: Complex): Complex {
  if (isReal(a) && isReal(b)) return b.re.isZero() ? NAN : real(a.re.div(b.re));
  const square = b.re.times(b.re).plus(b.im.times(b.im));
  if (square.isZero()) return NAN;
  const { re, im } = mul(a, { re: b.re, im: b.im.neg() });
  return { re: re.div(square), im: im.div(square) };
}

export const abs = (z: Complex): Complex =>
  isReal(z) ? real(z.re.abs()) : real(z.re.times(z.re).plus(z.im.times(z.im)).sqrt());

export function exp({ re, im }: Complex): Complex {
  const size = re.exp();
  return im.isZero() ? real(size) : { re: size.times(im.cos()), im: size.times(im.sin()) };
}

/** The principal value; NaN for zero. */
export function log(z: Complex): Complex {
  if (isReal(z)) {
    if (z.re.isZero()) return NAN;
    return z.re.isPositive() ? real(z.re.ln()) : { re: z.re.neg().ln(), im: Real.acos(-1) };
  }
  return { re: abs(z).re.ln(), im: Real.atan2(z.im, z.re) };
}

const halved = (z: Complex): Complex => div(z, real(2));

export function sqrt(z: Complex): Complex {
  if (isReal(z)) return z.re.isNegative() ? { re: new Real(0), im: z.re.neg().sqrt() } : real(z.re.sqrt());
  return exp(halved(log(z)));
}

const MOST_STEPS = 1_000_000;

export function pow(base: Complex, power: Complex): Complex {
  if (base.re.isZero() && isReal(base)) return power.re.isZero() ? real(1) : power.re.isPositive() ? real(0) : NAN;
  if (isReal(power) && power.re.isInteger()) {
    if (isReal(base)) return real(base.re.pow(power.re));
    if (power.re.abs().lt(MOST_STEPS)) return powered(base, power.re.toNumber());
  }
  if (isReal(base) && isReal(power) && base.re.isPositive()) return real(base.re.pow(power.re));
  return exp(mul(power, log(base)));
}

function powered(base: Complex, power: number): Complex {
  let result = real(1);
  let square = base;
  for (let rest = Math.abs(power); rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = mul(result, square);
    square = mul(square, square);
  }
  return power < 0 ? div(real(1), result) : result;
}

/** The real root of a negative number for an odd degree, otherwise the principal root. */
export function root(z: Complex, degree: Complex): Complex {
  const odd = isReal(degree) && degree.re.isInteger() && !degree.re.mod(2).isZero();
  const inverse = div(real(1), degree);
  return odd && isReal(z) && z.re.isNegative() ? neg(pow(neg(z), inverse)) : pow(z, inverse);
}

const timesI = ({ re, im }: Complex): Complex => ({ re: im.neg(), im: re });

export function sin(z: Complex): Complex {
  if (isReal(z)) return real(z.re.sin());
  return { re: z.re.sin().times(z.im.cosh()), im: z.re.cos().times(z.im.sinh()) };
}
export function cos(z: Complex): Complex {
  if (isReal(z)) return real(z.re.cos());
  return { re: z.re.cos().times(z.im.cosh()), im: z.re.sin().times(z.im.sinh()).neg() };
}
export const tan = (z: Complex): Complex => {
  const below = cos(z);
  return abs(below).re.lt('1e-18') ? NAN : div(sin(z), below);
};
export const sinh = (z: Complex): Complex => halved(sub(exp(z), exp(neg(z))));
export const cosh = (z: Complex): Complex => halved(add(exp(z), exp(neg(z))));
export const tanh = (z: Complex): Complex => div(sinh(z), cosh(z));

export function asin(z: Complex): Complex {
  if (isReal(z) && z.re.abs().lte(1)) return real(z.re.asin());
  return neg(timesI(log(add(timesI(z), sqrt(sub(real(1), mul(z, z)))))));
}
export function acos(z: Complex): Complex {
  if (isReal(z) && z.re.abs().lte(1)) return real(z.re.acos());
  return sub(halved(pi()), asin(z));
}
export function atan(z: Complex): Complex {
  if (isReal(z)) return real(z.re.atan());
  const turned = timesI(z);
  return halved(timesI(sub(log(sub(real(1), turned)), log(add(real(1), turned)))));
}
export const asinh = (z: Complex): Complex => log(add(z, sqrt(add(mul(z, z), real(1)))));
export const acosh = (z: Complex): Complex => log(add(z, mul(sqrt(add(z, real(1))), sqrt(sub(z, real(1))))));
export const atanh = (z: Complex): Complex => halved(sub(log(add(real(1), z)), log(sub(real(1), z))));

const LARGEST_FACTORIAL = 3000;

/** The product of every `step`-th whole number from n down; NaN for what is no whole number from 0 to 3,000. */
export function factorial(n: Complex, step = 1): Complex {
  if (!isReal(n) || !n.re.isInteger() || n.re.isNegative() || n.re.gt(LARGEST_FACTORIAL))
    return isReal(n) && n.re.isZero() ? real(1) : NAN;
  let product = new Real(1);
  for (let k = n.re.toNumber(); k > 1; k -= step) product = product.times(k);
  return real(product);
}

/** n (n-1) ... (n-k+1) / k!, for whole k from 0 to 3,000 and any n. */
export function binomial(n: Complex, k: Complex): Complex {
  if (!isReal(k) || !k.re.isInteger() || k.re.lt(0) || k.re.gt(LARGEST_FACTORIAL)) return NAN;
  let over = real(1);
  for (let j = 0; j < k.re.toNumber(); j++) over = mul(over, sub(n, real(j)));
  return div(over, factorial(k));
}

/** Rounds down (`floor`) or up (`ceil`); NaN for a number that is not real. */
export const rounded = (z: Complex, way: 'floor' | 'ceil'): Complex => (isReal(z) ? real(z.re[way]()) : NAN);

/** Digits that are computed beyond those in which two numbers have to agree. */
export const GUARD = 14;

/** Whether two numbers agree in all digits but the last 14; what is not finite agrees with nothing. */
export function agree(a: Complex, b: Complex): boolean {
  if (!isFiniteNumber(a) || !isFiniteNumber(b)) return false;
  const [left, right] = [abs(a).re, abs(b).re];
  const limit = new Real(10).pow(GUARD - Real.precision);
  const size = left.isZero() || right.isZero() ? new Real('1e-5') : Real.max(left, right);
  return abs(sub(a, b)).re.lte(size.times(limit));
}
