/** Ranks of doubles in a list: those of a plain search, for members, their neighbours and anything else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { nextDown, nextUp } from '../../../src/engine/num/float64.js';
import { ranksOf } from '../../../src/engine/sample/members.js';
import { finiteDouble, runs } from '../../arbitraries.js';

test('the rank is that of a search', () => {
  const few = fc.constantFrom(0, 1, -1, 2 ** -1074, 2 ** 1000, -(2 ** 1000), 3 * 2 ** -133);
  const scaled = fc
    .tuple(fc.integer({ min: -255, max: 255 }), fc.integer({ min: -300, max: 300 }))
    .map(([m, e]) => m * 2 ** e);
  const lists = fc
    .oneof(
      ...[few, scaled, finiteDouble()].map((of) => fc.array(of, { minLength: 1, maxLength: 40 })),
    )
    .map((list) => Float64Array.from(new Set(list.map((value) => value + 0))));
  fc.assert(
    fc.property(lists, fc.array(finiteDouble(), { maxLength: 20 }), (values, others) => {
      const rankOf = ranksOf(values);
      const asked = [...values].flatMap((v) => [v, -v, nextUp(v), nextDown(v), 2 * v, v / 2]);
      for (const value of [...asked, ...others, Infinity, -Infinity, NaN]) {
        assert.equal(rankOf(value), values.indexOf(value), String(value));
      }
    }),
    {
      ...runs(300),
      // Splitting the first by what its bits allow overflows.
      examples: [[Float64Array.of(-(2 ** 30 - 1) * 2 ** 950, 2 ** 26 - 1), []]],
    },
  );
});
