/**
 * Value sets from an order: given how many values there are, the value of each rank and how many
 * values lie below a number, everything else follows. Three builders, one per way in which codes
 * are ordered: `mirrored` (magnitudes on both sides of zero), `grid` (equally spaced) and `listed`.
 * None but `listed` holds a table, so sets of 2^64 values cost nothing.
 */
import {
  add,
  ceiling,
  compare,
  divide,
  equal,
  floor,
  integer,
  multiply,
  negate,
  sign,
  subtract,
  ZERO,
  type Rational,
} from '../num/rational.js';
import { toSafeNumber } from '../num/bits.js';
import type { ValueSet } from './domain.js';

/** An increasing sequence of values, and where a number falls in it. */
export interface Order {
  readonly size: bigint;
  /** Where true, −v is a value for each value v; else nothing is said. */
  readonly isSymmetric?: boolean;
  /** *Exact.* The value of a rank; only asked for ranks in [0, size). */
  readonly at: (rank: bigint) => Rational;
  /** *Exact.* How many values are smaller than `value`. */
  readonly countBelow: (value: Rational) => bigint;
}

/** *Exact.* The value set of an order, with ranks checked at the door. */
export function ranked(name: string, order: Order): ValueSet {
  const { size, countBelow } = order;
  return Object.freeze({
    name,
    size,
    ...(order.isSymmetric === true ? { isSymmetric: true } : {}),
    at(rank: bigint): Rational {
      if (rank < 0n || rank >= size) {
        throw new RangeError(`${name} has ranks 0 to ${String(size - 1n)}, not ${String(rank)}`);
      }
      return order.at(rank);
    },
    rankOf(value: Rational): bigint | null {
      const rank = countBelow(value);
      return rank < size && equal(order.at(rank), value) ? rank : null;
    },
    countBelow,
  });
}

/** *Exact.* `countBelow` by bisection, for an order that can only be read: log2(size) readings. */
export function countBelowBySearch(
  size: bigint,
  at: (rank: bigint) => Rational,
  value: Rational,
): bigint {
  let low = 0n;
  let high = size;
  while (low < high) {
    const middle = (low + high) >> 1n;
    if (compare(at(middle), value) < 0) low = middle + 1n;
    else high = middle;
  }
  return low;
}

/**
 * *Exact.* The order of positive magnitudes, taken with both signs where `signed` and joined by 0
 * where `zero`. Ranks run from the most negative value up.
 */
export function mirrored(magnitudes: Order, options: { signed: boolean; zero: boolean }): Order {
  const negatives = options.signed ? magnitudes.size : 0n;
  const first = negatives + (options.zero ? 1n : 0n);
  return {
    size: first + magnitudes.size,
    isSymmetric: options.signed,
    at(rank) {
      if (rank >= first) return magnitudes.at(rank - first);
      return rank === negatives ? ZERO : negate(magnitudes.at(negatives - 1n - rank));
    },
    countBelow(value) {
      const side = sign(value);
      if (side > 0) return first + magnitudes.countBelow(value);
      if (side === 0 || !options.signed) return side === 0 ? negatives : 0n;
      const magnitude = negate(value);
      const smaller = magnitudes.countBelow(magnitude);
      const hit = smaller < negatives && equal(magnitudes.at(smaller), magnitude);
      return negatives - smaller - (hit ? 1n : 0n);
    },
  };
}

/** *Exact.* (q − zeroPoint)·scale for q from `least` to `greatest`; scale is not 0. */
export function grid(
  least: bigint,
  greatest: bigint,
  scale: Rational,
  zeroPoint: bigint = 0n,
): Order {
  const size = greatest - least + 1n;
  const origin = integer(zeroPoint);
  const clamp = (count: bigint): bigint => (count < 0n ? 0n : count > size ? size : count);
  const real = (q: bigint): Rational => multiply(subtract(integer(q), origin), scale);
  const codeOf = (value: Rational): Rational => add(divide(value, scale), origin);
  // A negative scale turns the order of the codes around.
  return sign(scale) > 0
    ? {
        size,
        at: (rank) => real(least + rank),
        countBelow: (value) => clamp(ceiling(codeOf(value)) - least),
      }
    : {
        size,
        at: (rank) => real(greatest - rank),
        countBelow: (value) => clamp(greatest - floor(codeOf(value))),
      };
}

/** *Exact.* The distinct values of a list, which may be in any order and repeat itself. */
export function distinct(values: readonly Rational[]): Rational[] {
  const sorted = [...values].sort(compare);
  return sorted.filter((value, i) => i === 0 || !equal(value, sorted[i - 1] ?? ZERO));
}

/** *Exact.* The order of a list that is distinct and increasing already. */
export function listed(values: readonly Rational[]): Order {
  const size = BigInt(values.length);
  const at = (rank: bigint): Rational => {
    const value = values[toSafeNumber(rank)];
    if (!value) throw new RangeError(`no value of rank ${String(rank)}`);
    return value;
  };
  return { size, at, countBelow: (value) => countBelowBySearch(size, at, value) };
}
