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

/** *Exact.* The quotient and the remainder of p divided by a q that is not zero. */
function divided(
  p: Polynomial,
  q: Polynomial,
): { readonly quotient: Polynomial; readonly remainder: Polynomial } {
  const rest = [...p];
  const quotient: Rational[] = [];
  const lead = q[q.length - 1] as Rational;
  for (let shift = rest.length - q.length; shift >= 0; shift -= 1) {
    const factor = divide(rest[shift + q.length - 1] as Rational, lead);
    quotient.unshift(factor);
    for (let k = 0; k < q.length; k += 1) {
      rest[shift + k] = subtract(rest[shift + k] as Rational, multiply(factor, q[k] as Rational));
    }
  }
  return { quotient, remainder: polynomial(rest.slice(0, q.length - 1)) };
}

/** *Exact.* The Sturm chain of a p that is not zero; its last element is gcd(p, p'). */
function sturmChain(p: Polynomial): readonly Polynomial[] {
  const chain: Polynomial[] = [p];
  let next = derivative(p);
  while (next.length > 0) {
    const before = chain[chain.length - 1] as Polynomial;
    chain.push(next);
    next = divided(before, next).remainder.map(negate);
  }
  return chain;
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
  // At a multiple root the whole chain vanishes and tells nothing, so the multiplicities go first.
  const squareFree = divided(p, sturmChain(p).at(-1) as Polynomial).quotient;
  const chain = sturmChain(squareFree);
  const changesAtLow = signChanges(chain.map((q) => signAt(q, low, -1)));
  const changesAtHigh = signChanges(chain.map((q) => signAt(q, high, 1)));
  // Sturm counts the roots in (low, high]; the end point is taken away where it is a root.
  const highIsRoot = high !== null && isZero(evaluate(p, high)) ? 1 : 0;
  return changesAtLow - changesAtHigh - highIsRoot;
}
