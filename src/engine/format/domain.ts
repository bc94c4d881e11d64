/**
 * The set of values that one free parameter ranges over: M of theory.md, or a set of its own in
 * mixed precision. Values are distinct, real, finite, and ranked in increasing order, so that a
 * parameter vector is a vector of ranks and Ω is a mixed-radix number.
 */
import type { Rational } from '../num/rational.js';

export interface ValueSet {
  /** Catalogue id, or a description of the declared facts. */
  readonly name: string;
  /** *Exact.* The number of distinct values, at least 1. */
  readonly size: bigint;
  /** *Lower bound.* Where true, −v is in the set for each v of it; else nothing is said. */
  readonly isSymmetric?: boolean;
  /** *Exact.* The value of a rank in [0, size); increasing in the rank. Throws a RangeError outside. */
  at(rank: bigint): Rational;
  /** *Exact.* The rank of a value; null where the value is not in the set. */
  rankOf(value: Rational): bigint | null;
  /** *Exact.* How many values of the set are smaller than `value`, which need not be in it. */
  countBelow(value: Rational): bigint;
}
