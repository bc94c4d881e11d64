/** Rounding trained numbers to the nearest value of a format. */
import { fromDouble } from '../../src/engine/num/float64.js';
import { compare, subtract, type Rational } from '../../src/engine/num/rational.js';
import type { ValueSet } from '../../src/engine/format/domain.js';

/**
 * *Correctly rounded.* The nearest value of the set, to the even code on a tie; the largest or
 * smallest beyond its ends. The set holds 0 and is symmetric, so that a value's distance in ranks
 * from 0 is its code without the sign.
 */
export function nearest(set: ValueSet, x: number): Rational {
  const exact = fromDouble(x);
  const above = set.countBelow(exact);
  if (above === 0n) return set.at(0n);
  if (above === set.size) return set.at(set.size - 1n);
  const [low, high] = [set.at(above - 1n), set.at(above)];
  const order = compare(subtract(exact, low), subtract(high, exact));
  if (order !== 0) return order < 0 ? low : high;
  return (above - (set.size - 1n) / 2n) % 2n === 0n ? high : low;
}
