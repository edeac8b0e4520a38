/** Quantiles and distribution functions, computed by Cephes (from which scipy's own derive) compiled to WebAssembly. */
import { bdtr, incbi, ndtr, ndtri, stdtr } from 'cephes';

export const normalQuantile = (p: number): number => ndtri(p);

export const normalCdf = (z: number): number => ndtr(z);

/** Quantile of the beta distribution with parameters a, b > 0. */
export const betaQuantile = (p: number, a: number, b: number): number => incbi(a, b, p);

/** P(X <= successes) of a binomial with whole `trials`; 0 for negative `successes`. */
export const binomialCdf = (successes: number, trials: number, p: number): number =>
  successes < 0 ? 0 : bdtr(successes, trials, p);

/** Quantile of Student's t for p in (0, 1) and any positive degrees of freedom, through the beta distribution. */
export function studentQuantile(p: number, freedom: number): number {
  const share = incbi(0.5, freedom / 2, Math.abs(2 * p - 1));
  return Math.sign(p - 0.5) * Math.sqrt((freedom * share) / (1 - share));
}

/** Student's t distribution function for whole degrees of freedom. */
export const studentCdf = (t: number, freedom: number): number => stdtr(freedom, t);
