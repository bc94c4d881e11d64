/**
 * Univariate polynomials with rational coefficients: the pieces of an activation.
 *
 * Invariant: coefficients stand from the constant up and the last one is not 0; the zero
 * polynomial is the empty list. Roots are counted by Sturm's theorem (Basu, Pollack and Roy,
 * Algorithms in Real Algebraic Geometry, theorem 2.50), never approximated.
 */
import {
  ZERO,
  add,
  divide,
  integer,
  isZero,
  multiply,
  negate,
  sign,
  subtract,
  type Rational,
} from '../num/rational.js';

export type Polynomial = readonly Rational[];

/** *Exact.* The polynomial of these coefficients, without trailing zeros. */
export function polynomial(coefficients: readonly Rational[]): Polynomial {
  let length = coefficients.length;
  while (length > 0 && isZero(coefficients[length - 1] as Rational)) length -= 1;
  return coefficients.slice(0, length);
}

/** *Exact.* p(t), by Horner's rule. */
export function evaluate(p: Polynomial, t: Rational): Rational {
  let value = ZERO;
  for (let k = p.length - 1; k >= 0; k -= 1) value = add(multiply(value, t), p[k] as Rational);
  return value;
}

/** *Exact.* p'. */
export function derivative(p: Polynomial): Polynomial {
  return p.slice(1).map((coefficient, k) => multiply(coefficient, integer(k + 1)));
}

/** *Exact.* The remainder of p divided by a q that is not zero. */
function remainder(p: Polynomial, q: Polynomial): Polynomial {
  const rest = [...p];
  const lead = q[q.length - 1] as Rational;
  for (let shift = rest.length - q.length; shift >= 0; shift -= 1) {
    const factor = divide(rest[shift + q.length - 1] as Rational, lead);
    for (let k = 0; k < q.length; k += 1) {
      rest[shift + k] = subtract(rest[shift + k] as Rational, multiply(factor, q[k] as Rational));
    }
  }
  return polynomial(rest.slice(0, q.length - 1));
}

/** The sign of p at t, or its limit where t is null: at −∞ (`end` −1) or at +∞ (`end` 1). */
function signAt(p: Polynomial, t: Rational | null, end: -1 | 1): number {
  if (t !== null) return sign(evaluate(p, t));
  if (p.length === 0) return 0;
  const lead = sign(p[p.length - 1] as Rational);
  return end === -1 && p.length % 2 === 0 ? -lead : lead;
}

function signChanges(signs: readonly number[]): number {
  const nonZero = signs.filter((s) => s !== 0);
  return nonZero.filter((s, k) => k > 0 && s !== nonZero[k - 1]).length;
}

/**
 * *Exact.* The number of distinct real roots in the open interval (low, high); null stands for the
 * infinite end. Throws a RangeError on the zero polynomial, whose roots cannot be counted.
 */
export function rootsBetween(p: Polynomial, low: Rational | null, high: Rational | null): number {
  if (p.length === 0) throw new RangeError('rootsBetween: the zero polynomial is zero everywhere');
  const chain: Polynomial[] = [p, derivative(p)];
  for (;;) {
    const last = chain[chain.length - 1] as Polynomial;
    if (last.length === 0) break;
    chain.push(remainder(chain[chain.length - 2] as Polynomial, last).map(negate));
  }
  const changesAtLow = signChanges(chain.map((q) => signAt(q, low, -1)));
  const changesAtHigh = signChanges(chain.map((q) => signAt(q, high, 1)));
  // Sturm counts the roots in (low, high]; the end point is taken away where it is a root.
  const highIsRoot = high !== null && isZero(evaluate(p, high)) ? 1 : 0;
  return changesAtLow - changesAtHigh - highIsRoot;
}
