/**
 * A value set shrunk to the neighbourhood of one of its values: r representable values to each
 * side, fewer where the set ends. Ω around a checkpoint is the product of such sets; whatever holds
 * of a network over any sets holds over these.
 */
import type { Rational } from '../num/rational.js';
import { toText } from '../num/text.js';
import type { ValueSet } from './domain.js';

/**
 * *Exact.* The values of `values` whose ranks differ from that of `centre` by at most `radius`.
 * Throws a RangeError where `centre` is not in the set or `radius` is negative.
 */
export function neighbourhood(values: ValueSet, centre: Rational, radius: bigint): ValueSet {
  const rank = values.rankOf(centre);
  if (rank === null) {
    throw new RangeError(`neighbourhood: ${toText(centre)} is no value of ${values.name}`);
  }
  if (radius < 0n) throw new RangeError(`neighbourhood: the radius ${String(radius)} is negative`);
  const first = rank > radius ? rank - radius : 0n;
  const last = rank + radius < values.size ? rank + radius : values.size - 1n;
  const size = last - first + 1n;
  const within = (below: bigint): bigint =>
    below < first ? 0n : below > last + 1n ? size : below - first;
  return Object.freeze({
    name: `${values.name} around ${toText(centre)} ± ${String(radius)}`,
    size,
    at(index: bigint): Rational {
      if (index < 0n || index >= size) {
        throw new RangeError(`this set has ranks 0 to ${String(size - 1n)}, not ${String(index)}`);
      }
      return values.at(first + index);
    },
    rankOf(value: Rational): bigint | null {
      const found = values.rankOf(value);
      return found === null || found < first || found > last ? null : found - first;
    },
    countBelow: (value: Rational): bigint => within(values.countBelow(value)),
  });
}
