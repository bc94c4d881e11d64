/**
 * Rationals beside doubles: the nearest one with its error, and the two that enclose it. Only where
 * relative error is below u; a number too small or too large for that becomes NaN, which no bound
 * ever trusts, so whatever depends on it is decided exactly.
 */
import { fromDouble, nextDown, nextUp, toDouble } from '../num/float64.js';
import { compare, equal, type Rational } from '../num/rational.js';
import { LEAST_NORMAL, nearestError } from './rounding.js';

export interface Approximation {
  /** The nearest double; NaN beyond the range of normal doubles unless exact. */
  readonly value: number;
  /** *Upper bound.* |r − value|; 0 exactly where they are equal. */
  readonly error: number;
}

/** *Upper bound.* The nearest double to r and how far it is off. */
export function approximationOf(r: Rational): Approximation {
  const value = toDouble(r);
  if (!Number.isFinite(value)) return { value: NaN, error: NaN };
  if (equal(fromDouble(value), r)) return { value, error: 0 };
  if (Math.abs(value) <= LEAST_NORMAL) return { value: NaN, error: NaN };
  return { value, error: nearestError(value) };
}

export interface Enclosure {
  /** The greatest double (or −∞) that is at most r, and the least (or ∞) that is at least r. */
  readonly low: number;
  readonly high: number;
}

/** *Exact.* The doubles next to r; one and the same where r is a double. */
export function enclosureOf(r: Rational): Enclosure {
  const near = toDouble(r);
  if (near === Infinity) return { low: Number.MAX_VALUE, high: Infinity };
  if (near === -Infinity) return { low: -Infinity, high: -Number.MAX_VALUE };
  const order = compare(fromDouble(near), r);
  if (order === 0) return { low: near, high: near };
  return order < 0 ? { low: near, high: nextUp(near) } : { low: nextDown(near), high: near };
}
