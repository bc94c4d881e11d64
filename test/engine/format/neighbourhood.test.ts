/** Neighbourhoods: the values within r ranks, as a value set that keeps every law of one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  add,
  neighbourhood,
  parseExact,
  rational,
  resolveFormat,
  toText,
} from '../../../src/engine/index.js';
import { runs } from '../../arbitraries.js';

const formats = fc.constantFrom('e2m1fn', 'e4m3fn', 'int8', 'bfloat16', 'float32', 'float64');

test('it is the stretch of ranks around the centre, and counts like a value set', () => {
  fc.assert(
    fc.property(
      formats,
      fc.bigInt({ min: 0n, max: 1n << 64n }),
      fc.bigInt({ min: 0n, max: 20n }),
      (name, drawn, radius) => {
        const { values } = resolveFormat(name);
        const centre = drawn % values.size;
        const set = neighbourhood(values, values.at(centre), radius);
        const first = centre > radius ? centre - radius : 0n;
        const last = centre + radius < values.size ? centre + radius : values.size - 1n;
        assert.equal(set.size, last - first + 1n);
        for (let rank = 0n; rank < set.size; rank += 1n) {
          const value = set.at(rank);
          assert.deepEqual(value, values.at(first + rank));
          assert.equal(set.rankOf(value), rank);
          assert.equal(set.countBelow(value), rank);
        }
        if (first > 0n) {
          assert.equal(set.rankOf(values.at(first - 1n)), null);
          assert.equal(set.countBelow(values.at(first - 1n)), 0n);
        }
        if (last + 1n < values.size) {
          assert.equal(set.rankOf(values.at(last + 1n)), null);
          assert.equal(set.countBelow(values.at(last + 1n)), set.size);
        }
        const above = add(values.at(last), rational(1n, 10n ** 400n));
        assert.equal(set.countBelow(above), set.size);
        assert.throws(() => set.at(set.size), RangeError);
        assert.throws(() => set.at(-1n), RangeError);
      },
    ),
    runs(150),
  );
});

test('a centre off the format and a negative radius are refused', () => {
  const { values } = resolveFormat('e2m1fn');
  assert.throws(() => neighbourhood(values, parseExact('5/4'), 1n), /5\/4 is no value of/);
  assert.throws(() => neighbourhood(values, parseExact('1'), -1n), /radius -1/);
  const one = neighbourhood(values, parseExact('1'), 1n);
  assert.deepEqual(
    [0n, 1n, 2n].map((rank) => toText(one.at(rank))),
    ['1/2', '1', '3/2'],
  );
});
