/**
 * What every `ValueSet` owes, whatever it is built from: values increase in the rank, `rankOf`
 * inverts `at`, and `countBelow` is the number of smaller values. Together with |M| and the values
 * themselves that is all there is to the interface.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ValueSet } from '../../src/engine/format/domain.js';
import {
  add,
  compare,
  equal,
  multiply,
  rational,
  type Rational,
} from '../../src/engine/num/rational.js';
import { toText } from '../../src/engine/num/text.js';
import { anyRational, finiteDouble, runs } from '../arbitraries.js';
import { fromDouble } from '../../src/engine/num/float64.js';

/** Ranks, biased to the ends, to the neighbourhood of 0 and of other distinguished values. */
export function rankIn(values: ValueSet): fc.Arbitrary<bigint> {
  const last = values.size - 1n;
  const marks = [0n, last, ...[0n, 1n, -1n].map((n) => values.countBelow(rational(n)))];
  const near = fc
    .tuple(fc.constantFrom(...marks), fc.bigInt({ min: -3n, max: 3n }))
    .map(([mark, offset]) => mark + offset)
    .map((rank) => (rank < 0n ? 0n : rank > last ? last : rank));
  return fc.oneof(near, fc.bigInt({ min: 0n, max: last }));
}

/** Numbers that need not be in the set: its values, what lies between two, anything. */
function numberAround(values: ValueSet): fc.Arbitrary<Rational> {
  const middle = fc.tuple(rankIn(values), rankIn(values)).map(([i, j]) => {
    return multiply(add(values.at(i), values.at(j)), rational(1n, 2n));
  });
  const neighbours = rankIn(values).map((i) => {
    const next = i + 1n < values.size ? i + 1n : i;
    return multiply(add(values.at(i), values.at(next)), rational(1n, 2n));
  });
  const value = rankIn(values).map((i) => values.at(i));
  return fc.oneof(value, middle, neighbours, anyRational(), finiteDouble().map(fromDouble));
}

/** *Exact.* Whether c is the number of values smaller than v, given that values increase. */
function isCountBelow(values: ValueSet, c: bigint, v: Rational): boolean {
  if (c < 0n || c > values.size) return false;
  if (c > 0n && compare(values.at(c - 1n), v) >= 0) return false;
  return c === values.size || compare(values.at(c), v) >= 0;
}

/** Checks the laws on random ranks and numbers. */
export function valueSetLaws(values: ValueSet, count: number): void {
  assert.ok(values.size >= 1n, `${values.name} is empty`);
  for (const rank of [-1n, values.size, values.size + 7n]) {
    assert.throws(() => values.at(rank), RangeError, `${values.name} at ${String(rank)}`);
  }
  fc.assert(
    fc.property(rankIn(values), rankIn(values), (i, j) => {
      const v = values.at(i);
      assert.equal(values.rankOf(v), i, `${values.name}: rankOf ${toText(v)}`);
      const order = compare(v, values.at(j));
      assert.equal(order, i < j ? -1 : i > j ? 1 : 0);
      if (i + 1n < values.size) assert.ok(compare(v, values.at(i + 1n)) < 0);
    }),
    runs(count),
  );
  fc.assert(
    fc.property(numberAround(values), (v) => {
      const c = values.countBelow(v);
      assert.ok(isCountBelow(values, c, v), `${values.name}: ${String(c)} below ${toText(v)}`);
      const member = c < values.size && equal(values.at(c), v);
      assert.equal(values.rankOf(v), member ? c : null);
    }),
    runs(count),
  );
}

/**
 * Checks a set against the complete list of its values, in any order and with repetitions: every
 * rank, and every gap.
 */
export function sameValues(values: ValueSet, expected: readonly Rational[]): void {
  const sorted = [...expected].sort(compare);
  const list = sorted.filter((v, i) => i === 0 || !equal(v, sorted[i - 1] as Rational));
  assert.equal(values.size, BigInt(list.length), `|M| of ${values.name}`);
  list.forEach((v, i) => {
    const rank = BigInt(i);
    const got = values.at(rank);
    if (!equal(got, v)) {
      assert.fail(`${values.name} at ${String(i)}: ${toText(got)}, expected ${toText(v)}`);
    }
    if (values.rankOf(v) !== rank) assert.fail(`${values.name}: rankOf ${toText(v)}`);
    const next = list[i + 1];
    if (!next) return;
    const middle = multiply(add(v, next), rational(1n, 2n));
    if (values.rankOf(middle) !== null || values.countBelow(middle) !== rank + 1n) {
      assert.fail(`${values.name}: between rank ${String(i)} and the next`);
    }
  });
}
